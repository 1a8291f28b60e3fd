import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../../../src/behavior/data/options.ts';
import { CSV_TABLE } from '../../../../src/behavior/data/tables/csv.ts';
import type { TableFormat } from '../../../../src/behavior/data/tables/format.ts';
import { JSON_LINES_TABLE, JSON_TABLE } from '../../../../src/behavior/data/tables/json.ts';
import { TABLE_FORMATS } from '../../../../src/behavior/data/tables/list.ts';
import { MemorySource } from '../../../../src/core/bytes/index.ts';
import { isContentError, type Limits } from '../../../../src/core/index.ts';

const FIXTURES = new URL('../../../../fixtures/behavior/data/tables/', import.meta.url);

interface Asked {
  readonly columns?: readonly string[];
  readonly types?: Readonly<Record<string, 'text' | 'number' | 'integer'>>;
  readonly limits?: Partial<Limits>;
}

async function columnsOf(format: TableFormat, content: string | Uint8Array, { columns, types, limits }: Asked = {}) {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const context = contextOf({ folder: '', ...(limits === undefined ? {} : { limits }) });
  try {
    const file = { path: 'd/rows.x', source: new MemorySource(bytes, 'rows.x') };
    return await format.read(file, { columns, types: new Map(Object.entries(types ?? {})) }, context);
  } finally {
    await context.resources.disposeAsync();
  }
}

async function plain(format: TableFormat, content: string | Uint8Array, asked?: Asked) {
  const columns = await columnsOf(format, content, asked);
  return Object.fromEntries(
    [...columns].map(([name, { kind, dims, values }]) => [name, { kind, dims, values: [...values] }]),
  );
}

describe('columns of CSV', () => {
  it('are integers, numbers or texts, by all of their cells', async () => {
    const text = 'i,n,t,mixed\n1,1.5,a,1\n-2,nan,b,x\n+3,-Inf,,\n';
    expect(await plain(CSV_TABLE, text)).toEqual({
      i: { kind: 'integers', dims: [3], values: [1n, -2n, 3n] },
      n: { kind: 'numbers', dims: [3], values: [1.5, Number.NaN, Number.NEGATIVE_INFINITY] },
      t: { kind: 'texts', dims: [3], values: ['a', 'b', ''] },
      mixed: { kind: 'texts', dims: [3], values: ['1', 'x', ''] },
    });
  });

  it('are what the suite says', async () => {
    const types = { zip: 'text', x: 'number' } as const;
    expect(await plain(CSV_TABLE, 'zip,x\n0123,1\n', { types })).toEqual({
      zip: { kind: 'texts', dims: [1], values: ['0123'] },
      x: { kind: 'numbers', dims: [1], values: [1] },
    });
  });

  it('skip a byte order mark', async () => {
    expect(Object.keys(await plain(CSV_TABLE, '\ufeffa\n1\n'))).toEqual(['a']);
  });

  it.each<[string, string, Asked, string]>([
    ['no header', '', {}, 'is empty'],
    ['two columns of one name', 'a,a\n1,2\n', {}, 'has two columns "a"'],
    ['a column without a name', 'a,\n1,2\n', {}, 'has a column without a name: field 2'],
    ['a record of other fields', 'a,b\n1,2\n3\n', {}, 'has 1 fields in line 3, and 2 in its header'],
    ['a number that is missing', 'a,b\n1,2\n,3\n', {}, 'the column "a" has no value in line 3'],
    [
      'a text among declared numbers',
      'a\n"1"\n"\n2"\n',
      { types: { a: 'number' } },
      'holds "\\n2", which is not a number, in line 3',
    ],
    ['a number among declared integers', 'a\n1.0\n', { types: { a: 'integer' } }, 'which is not an integer, in line 2'],
    ['an integer of more than 64 bits', 'a\n9223372036854775808\n', {}, 'which 64 bits do not have, in line 2'],
    ['hexadecimal for a number', 'a\n0x10\n', { types: { a: 'number' } }, 'is not a number'],
  ])('refuse %s', async (_what, text, asked, message) => {
    await expect(columnsOf(CSV_TABLE, text, asked)).rejects.toThrow(message);
  });

  it('refuse what is not UTF-8', async () => {
    await expect(columnsOf(CSV_TABLE, Uint8Array.of(0x61, 0x0a, 0xff, 0x0a))).rejects.toMatchObject({
      code: 'malformed',
    });
  });
});

describe('columns of JSON', () => {
  const table = {
    a: { kind: 'integers', dims: [2], values: [1n, 2n] },
    b: { kind: 'texts', dims: [2], values: ['x', 'y'] },
  };

  it.each<[string, string]>([
    ['rows as objects', '[{"a": 1, "b": "x"}, {"b": "y", "a": 2}]'],
    ['columns by name', '{"columns": {"a": [1, 2], "b": ["x", "y"]}}'],
    [
      'columns and rows, as pandas splits them',
      '{"columns": ["a", "b"], "index": [0, 1], "data": [[1, "x"], [2, "y"]]}',
    ],
  ])('are read from %s', async (_what, text) => {
    expect(await plain(JSON_TABLE, text)).toEqual(table);
  });

  it('are read from lines', async () => {
    expect(await plain(JSON_LINES_TABLE, '{"a": 1, "b": "x"}\r\n{"a": 2, "b": "y"}')).toEqual(table);
  });

  it.each<[string, string, object]>([
    ['numbers', '[1, 2.5, -0.0]', { kind: 'numbers', dims: [3], values: [1, 2.5, -0] }],
    ['negative zeros, which no integer is', '[-0, 1]', { kind: 'numbers', dims: [2], values: [-0, 1] }],
    ['lists of lists', '[[[1], [2]], [[3], [4]]]', { kind: 'integers', dims: [2, 2, 1], values: [1n, 2n, 3n, 4n] }],
    ['true and false', '[true, false]', { kind: 'integers', dims: [2], values: [1n, 0n] }],
    ['empty lists', '[[], []]', { kind: 'integers', dims: [2, 0], values: [] }],
  ])('give %s as one array, which has the name of the file', async (_what, text, expected) => {
    expect(await plain(JSON_TABLE, text)).toEqual({ rows: expected });
  });

  it('keep names that objects have of themselves', async () => {
    const columns = await columnsOf(JSON_TABLE, '[{"__proto__": 1, "constructor": 2}]');
    expect([...columns.keys()]).toEqual(['__proto__', 'constructor']);
  });

  it.each<[string, string, string]>([
    ['a property twice', '[{"a": 1, "a": 2}]', 'names "a" twice'],
    ['a property twice, written in two ways', '[{"a": 1, "\\u0061": 2}]', 'names "a" twice'],
    ['an escape and a name with quotes', '[{"\\"": 1, "\\u0022": 2}]', 'twice'],
    ['null', '[{"a": 1}, {"a": null}]', 'the column "a" has no value in row 2'],
    ['a row that has no such property', '[{"a": 1}, {}]', 'has no "a" in row 2'],
    ['a row that has another property', '[{"a": 1}, {"a": 1, "b": 2}]', 'has "b" in row 2, and not in the first'],
    ['a row that is not an object', '[{"a": 1}, 2]', 'has a value that is not an object in row 2'],
    ['a property of all objects', '[{"toString": 1}, {}]', 'has no "toString" in row 2'],
    ['a text among numbers', '[1, "2"]', 'the column "rows" holds the text "2" among numbers in row 2'],
    ['a number among texts', '["a", 2]', 'the column "rows" holds the number 2 among texts in row 2'],
    ['rows of other sizes', '[[1, 2], [3]]', 'does not have the shape [2] of the first in row 2'],
    ['a list among numbers', '[1, [2]]', 'holds a list, and the first does not in row 2'],
    ['objects in rows', '[[{}], [1]]', 'holds an object in row 1'],
    ['an integer that is rounded', '[[1], [9007199254740993]]', 'holds a number above 2^53'],
    ['a number that is infinite', '[1e999, 1.5]', 'holds a number that is not finite'],
    ['an object without columns', '{"a": [1]}', 'is neither a list of rows nor an object with columns'],
    ['two ways of columns', '{"columns": {"a": [1]}, "data": []}', 'neither lists by name nor names'],
    ['names without rows', '{"columns": ["a"]}', 'and no rows'],
    ['a name twice', '{"columns": ["a", "a"], "data": [[1, 2]]}', 'has two columns "a"'],
    ['a row of fewer values', '{"columns": ["a", "b"], "data": [[1]]}', 'does not have 2 values in row 1'],
    ['an unknown property', '{"columns": {"a": [1]}, "rows": 1}', 'has an unknown property "rows"'],
    ['a single value', '3', 'is neither a list of rows'],
    ['no JSON', '[NaN]', 'is not JSON'],
  ])('refuse %s', async (_what, text, message) => {
    await expect(columnsOf(JSON_TABLE, text)).rejects.toThrow(message);
  });

  it('refuse lines that are empty, and name the line', async () => {
    await expect(columnsOf(JSON_LINES_TABLE, '{"a": 1}\n\n{"a": 2}\n')).rejects.toMatchObject({
      subject: 'd/rows.x line 2',
    });
    await expect(columnsOf(JSON_LINES_TABLE, '1\n{"a": 2}\n')).rejects.toThrow('holds an object in line 2');
  });

  it('refuse what is deep', async () => {
    const deep = '['.repeat(100_000);
    await expect(columnsOf(JSON_TABLE, deep)).rejects.toMatchObject({ code: 'limit' });
    await expect(columnsOf(JSON_TABLE, '['.repeat(40) + ']'.repeat(40))).rejects.toMatchObject({ code: 'malformed' });
  });

  it('give what JSON says, for any table', async () => {
    const cell = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1 }), fc.array(fc.string(), { minLength: 1 }), async (xs, texts) => {
        const rows = xs.map((x, i) => ({ x, t: texts[i % texts.length] ?? '' }));
        const found = await columnsOf(JSON_LINES_TABLE, rows.map((row) => JSON.stringify(row)).join('\n')).catch(
          (error: unknown) => {
            // A double that is an integer may be above 2^53.
            if (isContentError(error) && error.message.includes('2^53')) return undefined;
            throw error;
          },
        );
        if (found === undefined) return;
        // JSON writes -0 as 0.
        expect([...(found.get('x')?.values ?? [])].map(Number)).toEqual(xs.map((x) => (x === 0 ? 0 : x)));
        expect(found.get('t')?.values).toEqual(rows.map(({ t }) => t));
      }),
    );
  });
});

describe('bytes of any kind', () => {
  it.each(TABLE_FORMATS.filter(({ id }) => id !== 'parquet').map((format) => [format.id, format] as const))(
    'make the reader of %s throw nothing but content errors',
    async (_id, format) => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
          await columnsOf(format, bytes).catch((error: unknown) => {
            if (!isContentError(error)) throw error;
          });
        }),
      );
    },
  );

  it('cannot expand beyond the memory of all arrays', async () => {
    const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (4194304,), }`.padEnd(117, ' ');
    const npy = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
      Buffer.of(118, 0),
      Buffer.from(`${header}\n`),
      Buffer.alloc(32 << 20),
    ]);
    const bomb = zipSync({ 'x.npy': npy }, { level: 9 });
    expect(bomb.length).toBeLessThan(200_000);
    const limits = { maxFileMemory: 16 << 20 };
    const npz = TABLE_FORMATS.find(({ id }) => id === 'npz');
    if (npz === undefined) throw new Error('no reader of npz');
    await expect(columnsOf(npz, bomb, { limits })).rejects.toMatchObject({ code: 'limit' });
    expect(deflateRawSync(npy).length).toBeLessThan(200_000);
  });
});

describe('columns of Parquet', () => {
  const parquet = TABLE_FORMATS.find(({ id }) => id === 'parquet') ?? CSV_TABLE;
  const fixture = (name: string) => readFileSync(new URL(name, FIXTURES));

  it.each<[string, string, Asked, string, string]>([
    [
      'a number that is missing',
      'null.parquet',
      { columns: ['x'] },
      'malformed',
      'the column "x" has no value in row 2',
    ],
    ['a text that is missing', 'null.parquet', { columns: ['y'] }, 'malformed', 'the column "y" has no value in row 3'],
    [
      'lists of other lengths',
      'uneven.parquet',
      {},
      'malformed',
      'the column "x" has lists of different lengths: 1 in row 2, and 2 in row 1',
    ],
    [
      'dates',
      'others.parquet',
      { columns: ['day'] },
      'unsupported',
      'the column "day" holds DATE, neither numbers nor texts',
    ],
    ['times', 'others.parquet', { columns: ['time'] }, 'unsupported', 'the column "time" holds TIMESTAMP'],
    ['bytes', 'others.parquet', { columns: ['bytes'] }, 'unsupported', 'the column "bytes" holds BYTE_ARRAY'],
    ['structures', 'others.parquet', { columns: ['parts'] }, 'unsupported', 'the column "parts" has parts'],
    ['integers above 2^63', 'others.parquet', { columns: ['large'] }, 'unsupported', 'holds a number above 2^63'],
  ])('refuse %s', async (_what, name, asked, code, message) => {
    const refused = columnsOf(parquet, fixture(name), asked);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code });
  });

  /** 12345 as Thrift writes it, and other numbers. */
  const COUNT = Buffer.from('f2c001', 'hex');
  const zigzag = (value: number): Buffer => {
    const bytes: number[] = [];
    let left = 2n * BigInt(value);
    for (; left >= 0x80n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
    return Buffer.from([...bytes, Number(left)]);
  };
  /** The file with another count of rows in its footer, and in its pages if asked. */
  const recounted = (rows: number, pages: boolean): Buffer => {
    const file = fixture('many.parquet');
    const footer = file.length - 8 - file.readUInt32LE(file.length - 8);
    const replaced = (part: Buffer) =>
      Buffer.from(
        part.toString('latin1').replaceAll(COUNT.toString('latin1'), zigzag(rows).toString('latin1')),
        'latin1',
      );
    const tail = replaced(file.subarray(footer, -8));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(tail.length);
    const body = file.subarray(0, footer);
    return Buffer.concat([pages ? replaced(body) : body, tail, length, Buffer.from('PAR1')]);
  };

  it('are all there', async () => {
    const { x } = await plain(parquet, fixture('many.parquet'));
    expect(x?.values).toEqual(new Array(12345).fill(7n));
    expect(await plain(parquet, recounted(12345, true))).toEqual({ x });
  });

  it.each([2 ** 31, 2 ** 53, 2 ** 62])('are refused when the file says %d rows', async (rows) => {
    await expect(columnsOf(parquet, recounted(rows, true))).rejects.toSatisfy(isContentError);
  });

  it.each([12_346, 5_000_000])('are refused when the footer says %d rows, and the pages hold fewer', async (rows) => {
    await expect(columnsOf(parquet, recounted(rows, false))).rejects.toSatisfy(isContentError);
  });

  it('are refused when the file says fewer rows than it holds', async () => {
    await expect(columnsOf(parquet, recounted(12_344, false))).rejects.toSatisfy(isContentError);
  });

  it('are refused from files that are cut or changed, by nothing but content errors', async () => {
    const file = fixture('snappy.parquet');
    const cut = [0, 4, 8, 11, 12, 100, file.length - 9, file.length - 1].map((length) => file.subarray(0, length));
    const changed = [5, 100, 700, file.length - 200, file.length - 8].map((at) => {
      const copy = Buffer.from(file);
      copy[at] = (copy[at] ?? 0) ^ 0xff;
      return copy;
    });
    for (const bytes of [...cut, ...changed])
      await columnsOf(parquet, bytes).catch((error: unknown) => {
        if (!isContentError(error)) throw error;
      });
    await expect(columnsOf(parquet, file.subarray(0, -1))).rejects.toSatisfy(isContentError);
  });
});
