import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContentError } from '../../../src/core/errors.ts';
import { parseLiteral } from '../../../src/formats/npy/literal.ts';
import { readNpyHeader } from '../../../src/formats/npy/read.ts';
import { npyScanner } from '../../../src/scan/models/npy.ts';
import { fixture, memory, PAYLOAD, scanWith } from '../../support/containers.ts';

function npy(header: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(header);
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([head, length, text, data]);
}

const header = (descr: string, shape: string) =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }   \n`;

async function scan(bytes: Buffer) {
  const context = await scanWith(npyScanner, memory(bytes));
  return { context, verdict: context.verdict(bytes.length), rules: context.ruleIds() };
}

describe('a NumPy array', () => {
  it.each([
    ["'<f8'", '(2, 3)', 48],
    ["'|b1'", '()', 1],
    ["'<U5'", '(2,)', 40],
    ["'<M8[ns]'", '(4,)', 32],
    ["[('x', '<i4'), ('y', '<f8', (2, 2))]", '(3,)', 108],
    ["[('a', [('b', '|S3')])]", '(1,)', 3],
    ["'|V7'", '(0, 5)', 0],
  ])('of type %s and shape %s has %i bytes of data', async (descr, shape, size) => {
    const { verdict, context } = await scan(npy(header(descr, shape), new Uint8Array(size).fill(1)));
    expect(verdict).toBe('clean');
    expect(context.members).toEqual([]);
    expect((await scan(npy(header(descr, shape), new Uint8Array(size + 3).fill(1)))).rules).toEqual([
      'npy.size-mismatch',
    ]);
    if (size > 0)
      expect((await scan(npy(header(descr, shape), new Uint8Array(size - 1)))).rules).toEqual(['npy.size-mismatch']);
  });

  it('of objects contains a pickle, also in a structure, in every version', async () => {
    for (const version of [1, 2, 3]) {
      for (const descr of ["'|O'", "[('n', '<i4'), ('o', '|O')]"]) {
        const bytes = npy(header(descr, '(1,)'), PAYLOAD, version);
        const { context } = await scan(bytes);
        expect(context.members).toMatchObject([
          { name: 'data', size: PAYLOAD.length, options: { storedAt: bytes.length - PAYLOAD.length } },
        ]);
      }
    }
  });

  it('is suspicious when its declared numbers are a pickle', async () => {
    const source = fixture('pickle-probes/npy-lying-dtype/m.npy');
    const context = await scanWith(npyScanner, source);
    expect(context.ruleIds()).toEqual(['npy.lying-dtype', 'npy.size-mismatch']);
    expect(context.verdict(source.size)).toBe('suspicious');
    const exact = await scan(npy(header("'|u1'", `(${PAYLOAD.length},)`), PAYLOAD));
    expect(exact.rules).toEqual(['npy.lying-dtype']);
  });

  it('has a pickle after its data scanned', async () => {
    const { context } = await scan(npy(header("'<i2'", '(4,)'), Buffer.concat([Buffer.alloc(8, 1), PAYLOAD])));
    expect(context.members.map((m) => m.name)).toEqual(['(trailing)']);
  });

  it.each([
    "{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': ()}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'extra': 1}",
    "{'descr': '<f8', 'fortran_order': False}",
    "{'descr': '<q9', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (9007199254740991, 9007199254740991)}",
    "{'descr': '<f8', 'descr': '|O', 'fortran_order': False, 'shape': ()}",
    '',
  ])('is unknown with the header %s', async (text) => {
    expect((await scan(npy(text, new Uint8Array(8)))).verdict).toBe('unknown');
  });

  it('gives only content errors for any bytes', async () => {
    const good = header("[('x', '<i4'), ('y', '<f8', (2, 2))]", '(3,)');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(good.length - 1), fc.string({ maxLength: 2 }))), async (edits) => {
        let text = good;
        for (const [at, by] of edits) text = text.slice(0, at) + by + text.slice(at + 1);
        await readNpyHeader(memory(npy(text, new Uint8Array(8)))).catch((error: unknown) =>
          expect(isContentError(error), String(error)).toBe(true),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('has its header literal parsed up to a depth limit', () => {
    expect(() => parseLiteral('['.repeat(100_000))).toThrow(/nested/);
    expect(parseLiteral('{\'a\': (1, -2L), "b": [True, None]}')).toEqual(
      new Map<string, unknown>([
        ['a', [1, -2]],
        ['b', [true, null]],
      ]),
    );
  });
});
