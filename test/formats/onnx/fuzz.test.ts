import fc from 'fast-check';
import { describe, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import { tensorBytes, tensorStrings } from '../../../src/formats/onnx/tensor-data.ts';
import { onnxFixture } from '../../support/onnx-models.ts';

describe('models that are changed at random', () => {
  const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 200);

  it.each(['types', 'attributes', 'control', 'functions', 'external'])(
    '%s ends with an error of its own',
    async (name) => {
      const whole = onnxFixture(name);
      const real = whole.readNow(0, whole.size);
      const change = fc.tuple(fc.nat(real.length - 1), fc.nat(255));
      await fc.assert(
        fc.asyncProperty(
          fc.array(change, { minLength: 1, maxLength: 6 }),
          fc.nat(real.length),
          fc.boolean(),
          async (changes, end, cut) => {
            const bytes = Uint8Array.from(real);
            for (const [at, value] of changes) bytes[at] = value;
            await readAll(new MemorySource(cut ? bytes.subarray(0, end) : bytes, 'changed'));
          },
        ),
        { numRuns: RUNS },
      );
    },
  );

  it('random bytes end with an error of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), (bytes) => readAll(new MemorySource(bytes, 'random'))),
      { numRuns: RUNS },
    );
  });
});

/** Reads a model and all its tensors; anything but a content error is a defect. */
async function readAll(source: MemorySource): Promise<void> {
  try {
    const { model } = await readOnnx(source);
    for (const one of model.graph.initializers) {
      if (one.type === 'string') await tensorStrings(one);
      else await tensorBytes(one);
    }
  } catch (error) {
    if (!isContentError(error)) throw error;
  }
}
