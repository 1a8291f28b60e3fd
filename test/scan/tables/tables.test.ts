import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { tableScanner } from '../../../src/scan/tables/scanner.ts';
import { scanBytes } from '../../support/scan-bytes.ts';
import { scanDeep } from '../../support/scan-deep.ts';

const real = (name: string) => readFileSync(`fixtures/tables/${name}`);

async function scan(bytes: Uint8Array, file = 'table') {
  const { verdict, format, context } = await scanBytes(bytes, file, SCANNERS, true);
  return { verdict, format: format.id, rules: [...new Set(context.ruleIds())].sort(), context };
}

describe('a real table', () => {
  it.each([
    ['pandas.parquet', 'parquet'],
    ['pandas.feather', 'arrow'],
    ['plain.arrow', 'arrow'],
    ['stream.arrow', 'arrow-stream'],
  ])('%s is clean', async (name, format) => {
    expect(await scan(real(name), name)).toMatchObject({ format, verdict: 'clean', rules: [] });
  });

  it('of the formats test is clean', async () => {
    for (const name of ['table.parquet', 'table.feather'])
      expect(await scan(readFileSync(`fixtures/formats/${name}`), name)).toMatchObject({ verdict: 'clean', rules: [] });
  });

  it('of ORC is named, and not assessed', async () => {
    expect(await scan(real('plain.orc'), 'plain.orc')).toMatchObject({ format: 'orc', verdict: 'not-assessed' });
  });
});

describe('a table with a type that is a pickle', () => {
  it.each(['pickled.parquet', 'pickled.feather', 'pickled-stream.arrow'])(
    'is malicious by its pickle (%s)',
    async (name) => {
      const { verdict, ruleIds } = await scanDeep(real(name), name);
      expect(verdict).toBe('malicious');
      expect(ruleIds).toContain('table.pickled-type');
      expect(ruleIds).toContain('pickle.global.dangerous');
    },
  );

  it('of a harmless pickle is suspicious all the same', async () => {
    const written = real('pickled.feather').toString('latin1');
    const bytes = Buffer.from(written.replaceAll('cposix\nsystem\n(Vtrue\ntR.', `${'I1\n'.repeat(7)}Na.`), 'latin1');
    expect((await scan(bytes)).rules).toContain('table.pickled-type');
  });
});

/** Thrift's compact protocol: fields of one structure. */
const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]);
const zigzag = (value: number) => varint(value < 0 ? -2 * value - 1 : 2 * value);
const text = (value: string) => [...varint(value.length), ...Buffer.from(value, 'latin1')];
const struct = (...fields: readonly (readonly [id: number, type: number, bytes: readonly number[]])[]) => {
  let last = 0;
  const bytes = fields.flatMap(([id, type, value]) => {
    const head = id - last > 0 && id - last < 16 ? [((id - last) << 4) | type] : [type, ...zigzag(id)];
    last = id;
    return [...head, ...value];
  });
  return [...bytes, 0];
};
const list = (...all: readonly (readonly number[])[]) => [(all.length << 4) | 12, ...all.flat()];
const chunk = (data: number, bytes: number, file?: string) =>
  struct(
    ...(file === undefined ? [] : [[1, 8, text(file)] as const]),
    [2, 6, zigzag(0)],
    [3, 12, struct([7, 6, zigzag(bytes)], [9, 6, zigzag(data)])],
  );
function parquet(
  fields: { chunks?: readonly (readonly number[])[]; notes?: readonly (readonly [string, string])[] },
  footerLength?: number,
): Buffer {
  const pairs = (fields.notes ?? []).map(([key, value]) => struct([1, 8, text(key)], [2, 8, text(value)]));
  const footer = struct(
    [1, 5, zigzag(1)],
    [2, 9, list(struct([4, 8, text('x')]))],
    [3, 6, zigzag(1)],
    [4, 9, list(struct([1, 9, list(...(fields.chunks ?? []))]))],
    [5, 9, list(...pairs)],
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footerLength ?? footer.length);
  return Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(40, 7), Buffer.from(footer), length, Buffer.from('PAR1')]);
}

describe('a Parquet file', () => {
  it('of one column is clean', async () => {
    expect(await scan(parquet({ chunks: [chunk(4, 40)], notes: [['pandas', '{"columns": []}']] }))).toMatchObject({
      verdict: 'clean',
      rules: [],
    });
  });

  const hostile = [
    ['pages beyond the file', parquet({ chunks: [chunk(4, 4_000)] }), 'suspicious', 'table.structure'],
    ['pages at a negative place', parquet({ chunks: [chunk(-9, 4)] }), 'suspicious', 'table.structure'],
    ['pages of a negative length', parquet({ chunks: [chunk(20, -4)] }), 'suspicious', 'table.structure'],
    [
      'columns in an absolute file',
      parquet({ chunks: [chunk(4, 4, '/etc/passwd')] }),
      'malicious',
      'table.path-outside',
    ],
    [
      'columns above the folder',
      parquet({ chunks: [chunk(4, 4, '../../x.parquet')] }),
      'malicious',
      'table.path-outside',
    ],
    [
      'columns at an address',
      parquet({ chunks: [chunk(4, 4, 'https://example.org/x')] }),
      'malicious',
      'table.path-outside',
    ],
    ['a footer longer than the file', parquet({}, 60_000), 'suspicious', 'table.structure'],
    ['a footer of more than is used', parquet({}, 5), 'suspicious', 'table.structure'],
    ['a footer of no bytes', parquet({}, 0), 'suspicious', 'table.structure'],
    [
      'a script in a note',
      parquet({ notes: [['pandas', '<script>alert(1)</script>']] }),
      'suspicious',
      'table.hidden-content',
    ],
    [
      'a pickle in a note',
      parquet({ notes: [['model', 'gASVKAAAAAAAAACMBXBvc2l4']] }),
      'suspicious',
      'table.hidden-content',
    ],
    [
      'a library in a note',
      parquet({ notes: [['x', 'f0VMRgIBAQAAAAAAAAAAAAMAPgAB']] }),
      'suspicious',
      'table.hidden-content',
    ],
    [
      'a broken schema of Arrow',
      parquet({ notes: [['ARROW:schema', '/////yAAAAA=']] }),
      'suspicious',
      'table.structure',
    ],
  ] as const;

  it.each(hostile)('with %s is found', async (_, bytes, verdict, rule) => {
    const found = await scan(bytes, 'table.parquet');
    expect(found).toMatchObject({ format: 'parquet', verdict });
    expect(found.rules).toContain(rule);
  });

  it('with columns in a file beside it is data', async () => {
    expect((await scan(parquet({ chunks: [chunk(4, 4, 'part-0.parquet')] }))).verdict).toBe('clean');
  });

  it('with a list of more than it holds is suspicious, and deep nesting is unknown', async () => {
    const deep = Array.from({ length: 200 }, () => 0x1c);
    const wrap = (footer: readonly number[]) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(footer.length);
      return Buffer.concat([Buffer.from('PAR1'), Buffer.from(footer), length, Buffer.from('PAR1')]);
    };
    expect((await scan(wrap([0x29, 0xfc, 0xff, 0xff, 0xff, 0x0f, 0]))).verdict).toBe('suspicious');
    expect((await scan(wrap(deep))).verdict).toBe('unknown');
  });

  it('with an encrypted footer is not assessed', async () => {
    const bytes = parquet({});
    bytes.write('PARE', 0);
    bytes.write('PARE', bytes.length - 4);
    expect(await scan(bytes)).toMatchObject({ format: 'parquet', verdict: 'not-assessed' });
  });
});

describe('an Arrow file or stream', () => {
  it('that ends too early, or goes on, is not clean', async () => {
    for (const name of ['plain.arrow', 'stream.arrow', 'pandas.feather']) {
      for (const cut of [1, 9, 200])
        expect((await scan(real(name).subarray(0, -cut), name)).verdict, `${name} ${cut}`).not.toBe('clean');
    }
    const more = Buffer.concat([real('stream.arrow'), Buffer.from(`#!/bin/sh\n${'id\n'.repeat(30)}`)]);
    expect((await scan(more)).verdict).not.toBe('clean');
  });

  it('of Feather 1 is not assessed', async () => {
    expect((await scan(Buffer.concat([Buffer.from('FEA1'), Buffer.alloc(60), Buffer.from('FEA1')]))).verdict).toBe(
      'not-assessed',
    );
  });
});

describe('any edit of a table', () => {
  it.each(['pandas.parquet', 'pickled.parquet', 'plain.arrow', 'stream.arrow'])(
    'gives a verdict (%s)',
    async (name) => {
      const bytes = real(name);
      const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(edits, fc.nat(40), async (list, cut) => {
          const changed = Buffer.from(bytes.subarray(0, bytes.length - cut));
          for (const [at, value] of list) changed[changed.length - 1 - (at % Math.min(changed.length, 2_000))] = value;
          await scanBytes(changed, name, [tableScanner]);
        }),
        { numRuns: 150 },
      );
    },
  );
});
