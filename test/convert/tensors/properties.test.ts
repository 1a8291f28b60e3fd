import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementBytes } from '../../../src/convert/tensors/elements.ts';
import { pasted, type TensorPiece } from '../../../src/convert/tensors/pasted.ts';
import type { Tensor } from '../../../src/convert/tensors/tensor.ts';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 300);

async function gathered(tensor: Tensor): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of elementBytes(tensor, undefined)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** Every index of a shape in row order. */
function* indices(shape: readonly number[]): Generator<number[]> {
  const [size, ...inner] = shape;
  if (size === undefined) yield [];
  else for (let i = 0; i < size; i++) for (const rest of indices(inner)) yield [i, ...rest];
}

const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });

describe('elementBytes', () => {
  it('equals a naive gather of any strides, offset and byte order', async () => {
    const view = sizes.chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        strides: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: shape.length, maxLength: shape.length }),
        offset: fc.integer({ min: 0, max: 5 }),
        bigEndian: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(view, async ({ shape, strides, offset, bigEndian }) => {
        const data = Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 37) % 251));
        const bytes = new MemorySource(data, 'data');
        const naive = [...indices(shape)].flatMap((index) => {
          const at = 2 * index.reduce((sum, i, axis) => sum + i * (strides[axis] ?? 0), offset);
          const pair = [data[at] ?? 0, data[at + 1] ?? 0];
          return bigEndian ? pair.reverse() : pair;
        });
        const out = await gathered({ name: 't', dtype: 'I16', shape, strides, offset, bytes, bigEndian });
        expect([...out]).toEqual(naive);
      }),
      { numRuns: RUNS },
    );
  });
});

/** A tensor that was cut at some places of each dimension, and its pieces in any order. */
const cut = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    cuts: fc.tuple(...shape.map((size) => fc.uniqueArray(fc.integer({ min: 1, max: size }), { maxLength: 2 }))),
    seed: fc.integer(),
  }),
);

function piecesOf(shape: readonly number[], cuts: readonly number[][], seed: number): TensorPiece[] {
  const spans = shape.map((size, axis) => {
    const edges = [0, ...[...(cuts[axis] ?? [])].filter((at) => at < size).sort((a, b) => a - b), size];
    return edges.slice(1).map((end, i) => ({ from: edges[i] ?? 0, size: end - (edges[i] ?? 0) }));
  });
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const pieces = [...indices(spans.map(({ length }) => length))].map((which) => {
    const parts = which.map((i, axis) => spans[axis]?.[i] ?? { from: 0, size: 0 });
    const offsets = parts.map(({ from }) => from);
    const inner = parts.map(({ size }) => size);
    const elements = [...indices(inner)].flatMap((index) => {
      const at = index.reduce((sum, i, axis) => sum + (i + (offsets[axis] ?? 0)) * (strides[axis] ?? 0), 0);
      return [at & 0xff, at >> 8];
    });
    return { bytes: new MemorySource(Uint8Array.from(elements), 'piece'), offsets, shape: inner };
  });
  return pieces.sort((a, b) => (((a.offsets[0] ?? 0) * 31 + seed) % 7) - (((b.offsets[0] ?? 0) * 31 + seed) % 7));
}

describe('pasted', () => {
  it('gives the bytes of the whole tensor, read in stretches of any length', async () => {
    await fc.assert(
      fc.asyncProperty(cut, fc.integer({ min: 1, max: 50 }), async ({ shape, cuts, seed }, step) => {
        const budget = new FileBudget(DEFAULT_LIMITS, 1_000);
        const { bytes } = pasted({ name: 't', dtype: 'I16', shape }, piecesOf(shape, cuts, seed), budget);
        const total = shape.reduce((product, size) => product * size, 1);
        const read: number[] = [];
        for (let at = 0; at < bytes.size; at += step)
          read.push(...(await bytes.read(at, Math.min(step, bytes.size - at))));
        expect(read).toEqual(Array.from({ length: total }, (_, i) => [i & 0xff, i >> 8]).flat());
      }),
      { numRuns: RUNS },
    );
  });

  it('refuses pieces that cover each other, leave the tensor, or do not fill it', async () => {
    await fc.assert(
      fc.asyncProperty(
        cut,
        fc.nat(),
        fc.constantFrom('drop', 'twice', 'shift'),
        async ({ shape, cuts, seed }, pick, how) => {
          const pieces = piecesOf(shape, cuts, seed);
          const chosen = pieces[pick % pieces.length];
          if (chosen === undefined) return;
          const others = pieces.filter((piece) => piece !== chosen);
          const moved = { ...chosen, offsets: chosen.offsets.map((offset, axis) => offset + Number(axis === 0)) };
          const changed = how === 'drop' ? others : how === 'twice' ? [...pieces, chosen] : [...others, moved];
          const budget = new FileBudget(DEFAULT_LIMITS, 1_000);
          expect(() => pasted({ name: 't', dtype: 'I16', shape }, changed, budget)).toThrow(
            expect.objectContaining({ code: 'malformed' }),
          );
        },
      ),
      { numRuns: RUNS },
    );
  });
});
