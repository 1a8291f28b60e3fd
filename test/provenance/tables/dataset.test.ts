import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { DEFAULT_DATA_LIMITS } from '../../../src/provenance/engine/engine.ts';
import type { ColumnChoice } from '../../../src/provenance/tables/columns.ts';
import { type DatasetOptions, openDataset, type TrainingData } from '../../../src/provenance/tables/dataset.ts';
import { detectorView } from '../../../src/provenance/tables/view.ts';
import { TABLES, writeRows } from '../../support/data-set.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
// Other files of tests open data sets at the same time: this one looks for its own folders.
const sessions = join(folder, 'sessions');
mkdirSync(sessions);
process.env.TMPDIR = sessions;
const at = (name: string) => join(folder, name);
const put = (name: string, content: string | Uint8Array) => {
  writeFileSync(at(name), content);
  return at(name);
};

async function using<T>(
  datasets: readonly string[],
  choice: ColumnChoice,
  use: (dataset: TrainingData) => Promise<T>,
  options: Partial<DatasetOptions> = {},
): Promise<T> {
  const dataset = await openDataset(datasets, { choice, limits: DEFAULT_DATA_LIMITS, ...options });
  try {
    return await use(dataset);
  } finally {
    await dataset.close();
  }
}

async function rowsOf(datasets: readonly string[], choice: ColumnChoice, columns: string) {
  return await using(
    datasets,
    choice,
    async ({ engine }) => (await engine.run(`SELECT ${columns} FROM samples ORDER BY row_number`)).rows,
  );
}

describe('a data set', () => {
  it('is read the same from Parquet of pyarrow and of DuckDB', async () => {
    const choice = { label: 'label', text: 'text', time: 'at', source: 'user', id: 'id' };
    const columns = 'row_number, label, text, source, id, CAST(time AS VARCHAR), content';
    const [ours, theirs] = [
      await rowsOf([join(TABLES, 'reviews.parquet')], choice, columns),
      await rowsOf([join(TABLES, 'reviews-duckdb.parquet')], choice, columns),
    ];
    expect(ours).toHaveLength(400);
    expect(ours).toEqual(theirs);
    expect(ours[0]?.slice(0, 2)).toEqual([1, 'negative']);
  });

  it('keeps the kinds of columns, and compares images by their bytes', async () => {
    await using([join(TABLES, 'reviews.parquet')], { label: 'label' }, async ({ columns, engine }) => {
      expect(Object.fromEntries(columns.features.map(({ name, kind }) => [name, kind]))).toEqual({
        id: 'category',
        text: 'category',
        user: 'category',
        at: 'time',
        stars: 'number',
        weight: 'number',
        price: 'number',
        embedding: 'other',
        image: 'other',
      });
      expect((await engine.run('SELECT count(DISTINCT content) FROM samples')).rows).toEqual([[400]]);
    });
  });

  it('is the same from CSV, TSV, JSON lines, a JSON list and their gzip forms, with cells as they are written', async () => {
    const csv = 'id,label,n\n007,"a, b",1.5\n1e3,"say ""x""",-2\n';
    const json = [
      { id: '007', label: 'a, b', n: 1.5 },
      { id: '1e3', label: 'say "x"', n: -2 },
    ];
    const lines = json.map((row) => `${JSON.stringify(row)}\n`).join('');
    const files = [
      put('a.csv', csv),
      put('b.csv.gz', gzipSync(csv)),
      put(
        'c.tsv',
        csv
          .replace('"a, b"', 'a, b')
          .replace('id,label,n', 'id\tlabel\tn')
          .replace('007,a, b,1.5', '007\ta, b\t1.5')
          .replace('1e3,"say ""x""",-2', '1e3\t"say ""x"""\t-2'),
      ),
      put('d.jsonl', lines),
      put('e.jsonl.gz', gzipSync(lines)),
      put('f.json', JSON.stringify(json)),
    ];
    for (const file of files) {
      expect(await rowsOf([file], { id: 'id', label: 'label' }, 'id, label, f0'), file).toEqual([
        ['007', 'a, b', 1.5],
        ['1e3', 'say "x"', -2],
      ]);
    }
  });

  it('takes column names as they are, whatever they hold', async () => {
    const hostile = `a" FROM read_csv('/etc/passwd')--`;
    const names = [hostile, "'; DROP TABLE samples; --", 'label"', ':x', '$x', 'select', 'ünï\u200b', ' '];
    const path = writeRows(
      at('names.jsonl'),
      [1, 2].map((i) => Object.fromEntries(names.map((name, j) => [name, `${i}.${j}`]))),
    );
    await using(
      [path],
      { label: hostile, text: 'label"', id: "'; DROP TABLE samples; --" },
      async ({ engine, columns }) => {
        expect((await engine.run('SELECT label, text, id, f0 FROM samples ORDER BY row_number')).rows).toEqual([
          ['1.0', '1.2', '1.1', expect.anything()],
          ['2.0', '2.2', '2.1', expect.anything()],
        ]);
        expect(columns.features.map(({ name }) => name).sort()).toEqual(
          [':x', '$x', 'select', 'ünï\u200b', ' '].sort(),
        );
      },
    );
    const csv = put(
      'names.csv',
      `${names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')}\n${names.map((_, j) => `v${j}`).join(',')}\n`,
    );
    expect(await rowsOf([csv], { label: hostile, id: "'; DROP TABLE samples; --" }, 'label, id')).toEqual([
      ['v0', 'v1'],
    ]);
  });

  it('takes paths as they are, whatever they hold', async () => {
    const names = ["it's.csv", 'a*.csv', '[b].csv', 'x=y.csv', "'; DROP TABLE samples.csv", 'ü (1).csv', 's3:--a.csv'];
    put('a1.csv', 'label\nother\n');
    for (const name of names) {
      const path = put(name, 'label\nown\n');
      expect(await rowsOf([path], { label: 'label' }, 'label, split'), name).toEqual([
        ['own', name.replace('.csv', '')],
      ]);
    }
  });

  it('gives each file its split, in the order in which they were named', async () => {
    const parts = ['train-00000-of-00002', 'train-00001-of-00002', 'test'].map((name) =>
      put(`${name}.csv`, `label\n${name}\n`),
    );
    await using(parts, { label: 'label' }, async ({ splits, rows }) => {
      expect(splits).toEqual([
        { name: 'train', rows: 2 },
        { name: 'test', rows: 1 },
      ]);
      expect(rows).toBe(3);
    });
    await using([`approved=${parts[0]}`, `new=${parts[2]}`], { label: 'label' }, async ({ splits }) => {
      expect(splits.map(({ name }) => name)).toEqual(['approved', 'new']);
    });
    const column = put('column.csv', 'label,part\na,x\nb,y\nc,\n');
    await using([column], { label: 'label', split: 'part' }, async ({ splits }) => {
      expect(splits.map(({ name }) => name)).toEqual(['x', 'y', '(none)']);
    });
  });

  it('reads a folder of tables, of texts and of images, and follows no link', async () => {
    const root = at('folders');
    for (const name of ['tables', 'texts/train/spam', 'texts/test/ham', 'images/cat', 'images/dog'])
      mkdirSync(join(root, name), { recursive: true });
    cpSync(join(TABLES, 'reviews-duckdb.parquet'), join(root, 'tables/train-00000-of-00001.parquet'));
    writeFileSync(join(root, 'tables/README.md'), '# card');
    symlinkSync('/etc/passwd', join(root, 'tables/secret.csv'));
    await using([join(root, 'tables')], { label: 'label' }, async ({ files, rows, notes }) => {
      expect(files.map(({ split, format }) => ({ split, format }))).toEqual([{ split: 'train', format: 'parquet' }]);
      expect(rows).toBe(400);
      expect(notes).toEqual(['2 other files of the folder were passed over']);
    });
    writeFileSync(join(root, 'texts/train/spam/1.txt'), 'Buy now, \u20ac 5');
    writeFileSync(join(root, 'texts/train/spam/2.txt'), Buffer.from('caf\u00e9', 'latin1'));
    writeFileSync(join(root, 'texts/test/ham/1.txt'), 'Hello');
    symlinkSync('/etc', join(root, 'texts/train/etc'));
    await using([join(root, 'texts')], {}, async ({ engine, notes, splits, columns }) => {
      expect((await engine.run('SELECT label, text, split FROM samples ORDER BY row_number')).rows).toEqual([
        ['ham', 'Hello', 'test'],
        ['spam', 'Buy now, \u20ac 5', 'train'],
        ['spam', 'caf\u00e9', 'train'],
      ]);
      expect(notes).toContain('1 texts are not UTF-8, and were read as Latin-1');
      expect(splits).toHaveLength(2);
      expect(columns.features).toEqual([]);
    });
    await using([join(root, 'texts/train'), join(root, 'texts/test')], {}, async ({ splits }) => {
      expect(splits).toEqual([
        { name: 'train', rows: 2 },
        { name: 'test', rows: 1 },
      ]);
    });
    for (const name of ['cat/a.png', 'cat/b.png', 'dog/c.png'])
      writeFileSync(join(root, 'images', name), name.startsWith('cat') ? 'same' : name);
    await using([join(root, 'images')], {}, async (dataset) => {
      expect((await dataset.engine.run('SELECT count(DISTINCT content), count(*) FROM samples')).rows).toEqual([
        [2, 3],
      ]);
      const images = detectorView(dataset, { signal: undefined, snapshot: undefined, note: () => {} }).images;
      const found: string[] = [];
      for await (const { row, label, bytes } of images?.() ?? []) found.push(`${row} ${label} ${Buffer.from(bytes)}`);
      expect(found).toEqual(['1 cat same', '2 cat same', '3 dog dog/c.png']);
    });
  });

  it('gives detectors texts and numbers', async () => {
    await using([join(TABLES, 'reviews.parquet')], { label: 'label', text: 'text' }, async (dataset) => {
      const view = detectorView(dataset, { signal: undefined, snapshot: undefined, note: () => {} });
      const texts = await view.texts();
      expect(texts.texts).toHaveLength(400);
      expect([...texts.rows.slice(0, 2)]).toEqual([1, 2]);
      const numbers = await view.numbers();
      expect(numbers.columns).toEqual(['stars', 'weight', 'price']);
      // Eight rows have no weight.
      expect(numbers.rows).toHaveLength(392);
      expect(numbers.values).toHaveLength(392 * 3);
    });
  });

  it('refuses what programs read in several ways, and reads the rest as they do', async () => {
    const choice = { label: 'label', text: 'text' };
    const refused = {
      'keys.jsonl': '{"label":"a","text":"x","label":"b"}\n',
      'keys.json': '[{"label":"a","text":"x","label":"b"}]',
      'lines.jsonl': '{"label":"a","text":"x"} {"label":"b","text":"y"}\n',
      'surrogate.jsonl': '{"label":"a","text":"\\ud800"}\n',
      'semicolons.csv': 'label;text\na;x\n',
      'comment.csv': '# comment\nlabel,text\na,x\n',
      'cells.csv': 'label,text\na,x\nb\nc,y,z\n',
      'single.csv': "label,text\na,'x,y'\n",
      'twice.csv': 'label,label,text\na,b,x\n',
    };
    for (const [name, content] of Object.entries(refused))
      await expect(
        using([put(name, content)], choice, async () => {}),
        name,
      ).rejects.toMatchObject({ subject: at(name) });
    const read = {
      'hash.csv': [
        'label,text\n#a,x\nb,#y\n',
        [
          ['#a', 'x'],
          ['b', '#y'],
        ],
      ],
      'quotes.csv': [
        'label,text\na,"x\ny"\nb,z""\n',
        [
          ['a', 'x\ny'],
          ['b', 'z""'],
        ],
      ],
      'mark.csv': ['\ufefflabel,text\na,x\n', [['a', 'x']]],
      'null.csv': ['label,text\nNULL,NA\n', [['NULL', 'NA']]],
      'types.jsonl': [
        '{"label":1,"text":"x"}\n{"label":"b","text":2.5}\n',
        [
          ['1', 'x'],
          ['b', '2.5'],
        ],
      ],
      'case.jsonl': [
        '{"label":"a","text":"x"}\n{"Label":"c","text":"y"}\n',
        [
          ['a', 'x'],
          [null, 'y'],
        ],
      ],
    };
    for (const [name, [content, rows]] of Object.entries(read))
      expect(await rowsOf([put(name, String(content))], choice, 'label, text'), name).toEqual(rows);
  });

  it('names what is wrong with a column, a format, a file or a set of files', async () => {
    const good = put('good.csv', 'label,text\na,x\n');
    const texts = at('letters');
    mkdirSync(texts);
    put('letters/1.txt', 'Dear');
    const cases: readonly (readonly [readonly string[], ColumnChoice, object])[] = [
      [[good], { label: 'labl' }, { code: 'usage', hint: 'did you mean "label"?' }],
      [[good], { label: 'quality_of_it' }, { code: 'usage', hint: 'its columns are "label", "text"' }],
      [[good], { label: 'text', text: 'text' }, { code: 'usage' }],
      [[put('x.docx', 'abc')], {}, { code: 'unsupported' }],
      [[put('x.arrow', 'ARROW1')], {}, { code: 'truncated', message: 'is too short for an Arrow file' }],
      [[put('x.parquet', 'not Parquet')], {}, { code: 'malformed' }],
      [[put('parquet.csv', 'PAR1,b\n1,2\n')], {}, { code: 'malformed' }],
      [[put('empty.csv', '')], {}, { code: 'malformed', message: 'is empty' }],
      [[put('head.csv', 'label,text\n')], {}, { code: 'usage', message: 'has no rows' }],
      [[good, put('other.csv', 'label,words\na,x\n')], {}, { code: 'usage', subject: at('other.csv') }],
      [[at('missing.csv')], {}, { code: 'not-found' }],
      [[good, texts], {}, { code: 'usage' }],
      [
        [put('latin.csv', Buffer.from('label,text\na,caf\u00e9\n', 'latin1'))],
        { text: 'text' },
        { code: 'malformed', hint: expect.stringContaining('iconv') },
      ],
    ];
    for (const [datasets, choice, error] of cases)
      await expect(
        using(datasets, choice, async () => {}),
        datasets.join(),
      ).rejects.toMatchObject(error);
  });

  it('reads a column of several types as texts, and says so', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${i},x`).join('\n');
    const path = put('late.csv', `n,label\n${rows}\nnot a number,y\n`);
    await using([path], { label: 'label' }, async ({ columns, rows: count }) => {
      expect(count).toBe(3001);
      expect(columns.features[0]?.type).toBe('VARCHAR');
    });
  });

  it('bounds large cells, deep JSON, bombs and long lines, and names them', async () => {
    const large = writeRows(at('large.jsonl'), [
      { label: 'a', text: 'x'.repeat(10_000_000) },
      { label: 'b', text: 'y' },
    ]);
    await using([large], { label: 'label', text: 'text' }, async (dataset) => {
      const { texts } = await detectorView(dataset, { signal: undefined, snapshot: undefined, note: () => {} }).texts();
      expect(texts.map(({ length }) => length)).toEqual([32_768, 1]);
    });
    const deep = put('deep.jsonl', `{"label":"a","x":${'['.repeat(4_000)}${']'.repeat(4_000)}}\n`);
    const error = await using([deep], { label: 'label' }, async () => 'read').catch((cause: unknown) => cause);
    expect(error === 'read' || (isAssayError(error) && error.subject === deep)).toBe(true);
    const line = put('line.csv', `label,text\na,"${'z'.repeat(17_000_000)}"\n`);
    await expect(using([line], { text: 'text' }, async () => {})).rejects.toMatchObject({ subject: line });
    const small = { ...DEFAULT_DATA_LIMITS, spillBytes: 16 * 1024 * 1024, memoryBytes: 512 * 1024 * 1024 };
    const zeros = Buffer.alloc(21 * 50_000, '0123456789abcdef,yes\n');
    const bomb = put('bomb.csv.gz', gzipSync(Buffer.concat([Buffer.from('n,label\n'), zeros])));
    await expect(
      using([bomb], { label: 'label' }, ({ rows }) => Promise.resolve(rows), {
        limits: { ...small, statementSeconds: 1200 },
      }),
    ).resolves.toBe(50_000);
  });

  it('fails with an error of its own on any damaged Parquet file, and never ends the program', async () => {
    const original = readFileSync(join(TABLES, 'reviews-duckdb.parquet'));
    const damage = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.boolean(), async (changes, isFooter) => {
        const bytes = Buffer.from(original);
        // Footers lie about counts, offsets and sizes.
        for (const [place, value] of changes) bytes[isFooter ? bytes.length - 9 - (place % 1200) : place] = value;
        const path = put('damaged.parquet', bytes);
        const error = await using([path], { label: 'label' }, async () => undefined).catch((cause: unknown) => cause);
        expect(error === undefined || isAssayError(error), String(error)).toBe(true);
        expect(error).not.toMatchObject({ code: 'internal' });
      }),
      { numRuns: 12 },
    );
  });

  it('leaves no file behind', () => {
    expect(readdirSync(sessions)).toEqual([]);
  });
});
