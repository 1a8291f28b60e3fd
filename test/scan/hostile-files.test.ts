import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanBytes } from '../support/scan-bytes.ts';
import { mutated, scanners } from './mutated.ts';

describe('hostile bytes', () => {
  // scanBytes throws any error that is not about the content.
  it('from changed real files get a verdict', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, async ({ path, bytes }) => {
        const { verdict } = await scanBytes(bytes, path, scanners);
        expect(verdict).toMatch(/^(?:clean|not-assessed|suspicious|unknown|malicious)$/);
      }),
      { numRuns: 6_000 },
    );
  });

  it('at random are not identified as a model', async () => {
    const ids = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 300 }), async (bytes) => {
        const { format, verdict } = await scanBytes(bytes, 'x.bin', scanners);
        // MessagePack has no signature: two bytes that match the length of the rest occur by chance.
        if (format.id === 'msgpack') expect(verdict).not.toBe('clean');
        else ids.add(format.id);
      }),
      { numRuns: 3_000 },
    );
    const models = [
      'onnx',
      'tf-saved-model',
      'tf-graph',
      'tf-meta-graph',
      'coreml',
      'sentencepiece',
      'safetensors',
      'gguf',
      'hdf5',
    ];
    expect(models.filter((id) => ids.has(id))).toEqual([]);
  });
});
