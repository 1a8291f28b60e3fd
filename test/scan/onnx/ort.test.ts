import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { surveyOrt } from '../../../src/formats/onnx/survey/ort.ts';
import { ortScanner } from '../../../src/scan/onnx/scanner.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 200);
const FILES = ['linear', 'control'];
const read = (name: string) => readFileSync(`fixtures/onnx/${name}.ort`);
const survey = (bytes: Uint8Array) =>
  surveyOrt(new MemorySource(bytes, 'm.ort'), new FileBudget(DEFAULT_LIMITS, bytes.length), 1e8);

async function scan(bytes: Uint8Array) {
  const { format, verdict, context } = await scanBytes(bytes, 'm.ort', [ortScanner]);
  return {
    format: format.id,
    verdict,
    rules: context.ruleIds(),
    messages: context.reports.map(({ message }) => message),
  };
}

/** The file with another operator of as many letters. */
function withOperator(bytes: Buffer, from: string, to: string): Buffer {
  const changed = Buffer.from(bytes);
  const text = (name: string) => Buffer.concat([Buffer.from([name.length, 0, 0, 0]), Buffer.from(name)]);
  for (let at = changed.indexOf(text(from)); at >= 0; at = changed.indexOf(text(from), at + 1))
    text(to).copy(changed, at);
  return changed;
}

describe('a model of ONNX Runtime', () => {
  it.each(FILES)('%s of listed operators is not assessed, and says why', async (name) => {
    const found = await scan(read(name));
    expect(found).toMatchObject({ format: 'ort', verdict: 'not-assessed', rules: [] });
  });

  it('has the operators of its graphs within graphs', async () => {
    const names = (await survey(read('control'))).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['If', 'Loop']));
    expect(names.length).toBeGreaterThan(4);
  });

  it.each([
    ['linear', 'Gemm', 'Evil'],
    ['control', 'Loop', 'Exec'],
  ])('%s with the operator %s changed to %s is suspicious', async (name, from, to) => {
    const found = await scan(withOperator(read(name), from, to));
    expect(found).toMatchObject({ verdict: 'suspicious', rules: ['onnx.unlisted-operator'] });
    expect(found.messages.join()).toContain(to);
  });

  it.each([
    ['ends too early', read('linear').subarray(0, 64)],
    ['is a magic alone', Buffer.from('\x08\0\0\0ORTM\0\0\0\0', 'latin1')],
  ])('that %s is unknown', async (_, bytes) => {
    expect(await scan(bytes)).toMatchObject({ format: 'ort', verdict: 'unknown' });
  });

  it('that is larger than a header may be is unknown', async () => {
    await expect(
      surveyOrt(new MemorySource(read('linear'), 'm.ort'), new FileBudget(DEFAULT_LIMITS, 1), 100),
    ).rejects.toMatchObject({ code: 'limit' });
  });

  it.each(FILES)('%s changed at random ends with an error of its own', async (name) => {
    const real = read(name);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (changes) => {
          const bytes = Uint8Array.from(real);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            await survey(bytes);
          } catch (error) {
            if (!isContentError(error)) throw error;
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});
