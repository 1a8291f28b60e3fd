import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { inspectPickle, reproPickle } from '../../../src/formats/pickle/inspect/index.ts';
import { OPCODES } from '../../../src/formats/pickle/opcodes.ts';

const limits = { ...DEFAULT_LIMITS, maxPickleMemo: 10_000, maxPickleStack: 10_000, maxPickleCells: 10_000 };

async function lines(bytes: Uint8Array, maxInstructions = 1000): Promise<string[]> {
  const out: string[] = [];
  await inspectPickle(new MemorySource(bytes, 'a.pkl'), { limits, maxInstructions, onLine: (line) => out.push(line) });
  return out;
}

function repro(bytes: Uint8Array, keepText = (_: string) => false): Promise<Uint8Array> {
  return reproPickle(new MemorySource(bytes, 'a.pkl'), { limits, keepText });
}

const text = (bytes: string) => Buffer.from(bytes, 'latin1');

/** Mostly opcodes, mostly with short operands. */
const programs = fc
  .array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc
          .constantFrom(...OPCODES.flatMap((opcode) => (opcode === undefined ? [] : [opcode.code])))
          .map((c) => [c]),
      },
      {
        weight: 2,
        arbitrary: fc
          .constantFrom(
            'cos\nsystem\n',
            'X\u0002\u0000\u0000\u0000ab',
            'C\u0001z',
            'K\u0001',
            '(',
            't',
            'N',
            '\u0085',
            '.',
          )
          .map((s) => [...text(s)]),
      },
      { weight: 1, arbitrary: fc.array(fc.nat(255), { maxLength: 6 }) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => Uint8Array.from(parts.flat()));

describe('inspectPickle', () => {
  it('lists opcodes with their imports, calls and changes', async () => {
    expect(await lines(text('\u0080\u0002cos\nsystem\n(Vid\ntR}(K\u0001K\u0002ub.'))).toEqual([
      '         0  PROTO            2',
      '         2  GLOBAL           "os system"              # import os.system',
      '        13  MARK',
      '        14  UNICODE          "id"',
      '        18  TUPLE',
      '        19  REDUCE                                    # os.system("id")',
      '        20  EMPTY_DICT',
      '        21  MARK',
      '        22  BININT1          1',
      '        24  BININT1          2',
      '        26  SETITEMS',
      '        27  BUILD                                     # os.system("id").__setstate__({...})',
      '        28  STOP',
      '        29  the pickle that starts at 0 ends',
    ]);
  });

  it('folds opcodes that only build data above a limit', async () => {
    const listed = await lines(text(`](${'K\u0001'.repeat(100)}cos\nsystem\ne.`), 5);
    expect(listed).toHaveLength(8);
    expect(listed[5]).toContain('import os.system');
    expect(listed[6]).toContain('99 more instructions that only build data');
  });

  it('states how a stream breaks off, and what remains', async () => {
    expect((await lines(text('N.N\u00ff..'))).slice(-2)).toEqual([
      '         3  the pickle that starts at 2 breaks off: invalid-opcode',
      '         3  3 bytes follow',
    ]);
  });

  it('throws only content errors', async () => {
    await fc.assert(
      fc.asyncProperty(programs, async (bytes) => {
        await lines(bytes).catch((error) => expect(isContentError(error)).toBe(true));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('reproPickle', () => {
  it('replaces text by "x" and zeros bytes and floats in place', async () => {
    const original = text(
      "\u0080\u0004\u008c\u0006secretC\u0003abcG@\u0009!\u00fbTD-\u0018S'quoted'\nF3.14\nI42\nV\\u0041b\n.",
    );
    expect(Buffer.from(await repro(original)).toString('latin1')).toBe(
      "\u0080\u0004\u008c\u0006xxxxxxC\u0003\0\0\0G\0\0\0\0\0\0\0\0S'xxxxxx'\nF0000\nI42\nVxxxxxxx\n.",
    );
  });

  it('keeps names, also those on the stack, and the strings that the caller keeps', async () => {
    const original = text('\u0080\u0004\u008c\u0002os\u008c\u0006system\u0093\u008c\u0004dice\u0085R.');
    expect(Buffer.from(await repro(original))).toEqual(
      Buffer.from(text('\u0080\u0004\u008c\u0002os\u008c\u0006system\u0093\u008c\u0004xxxx\u0085R.')),
    );
    expect(Buffer.from(await repro(original, (word) => word === 'dice'))).toEqual(Buffer.from(original));
  });

  it('has the opcodes and offsets of the original for any program', async () => {
    const shape = (all: string[]) =>
      all.map((line) => line.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/(FLOAT +)\S+/, '$1'));
    await fc.assert(
      fc.asyncProperty(programs, async (bytes) => {
        const copy = await repro(bytes).catch((error) => {
          expect(isContentError(error)).toBe(true);
          return undefined;
        });
        if (copy === undefined) return;
        expect(copy.length).toBeLessThanOrEqual(bytes.length);
        const original = await lines(bytes.subarray(0, copy.length));
        expect(shape(await lines(copy)).map((line) => line.slice(0, 28))).toEqual(
          shape(original).map((line) => line.slice(0, 28)),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
