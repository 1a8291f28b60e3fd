import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkData } from '../../../src/pipeline/data/index.ts';
import { DUCKDB, SPARK } from '../../../src/provenance/engine/dialect.ts';
import { DEFAULT_DATA_LIMITS, type Engine, openEngine } from '../../../src/provenance/engine/engine.ts';
import { openSpark } from '../../../src/provenance/engine/spark.ts';
import { openDataset } from '../../../src/provenance/tables/dataset.ts';
import { requirePart } from '../../support/parts.ts';
import { findSpark, HOW_TO_GET_SPARK } from '../../support/spark.ts';
import { tempFolder } from '../../support/temp.ts';

const home = findSpark() ?? '';
const spark = { program: join(home, 'bin', 'spark-sql'), master: 'local[2]' };
const limits = { ...DEFAULT_DATA_LIMITS, memoryBytes: 1024 ** 3 };
const folder = tempFolder();

/** Rows as a file of Parquet. */
async function parquet(name: string, rows: readonly object[]): Promise<string> {
  const list = join(folder, `${name}.jsonl`);
  writeFileSync(list, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const writes = `${name}.parquet`;
  const engine = await openEngine({ files: new Map([['input-0.jsonl', list]]), writes, limits });
  try {
    await engine.run(
      `COPY (SELECT * FROM read_json('input-0.jsonl')) TO '${writes}' (FORMAT parquet, USE_TMP_FILE false)`,
    );
    writeFileSync(join(folder, writes), readFileSync(join(engine.folder, writes)));
  } finally {
    await engine.close();
  }
  return join(folder, writes);
}

const WORDS =
  'the quick brown fox jumps over lazy dogs while many other animals look on and wonder what it is about'.split(' ');

/** Data in which every detector that is plain SQL has something to say. */
function planted(count: number, first: number): readonly object[] {
  return Array.from({ length: count }, (_, i) => {
    const at = first + i;
    const words = Array.from({ length: 12 }, (_, k) => WORDS[(at * 7 + k * (1 + (at % 5))) % WORDS.length]);
    const copy = i % 40 === 0 ? WORDS.slice(0, 12) : words;
    const hidden =
      i === 3 ? 'a\u200Bb' : i === 5 ? 'p\u0430ypal' : i === 7 ? 'flag \u{E0041}\u{E0042}' : '\u05D0\u202Eok';
    return {
      label: ['good', 'bad'][(at >> 1) % 2],
      body: `${copy.join(' ')} ${i % 11 === 0 ? hidden : ''}${i % 10 === 3 || i === 5 || i === 7 ? hidden : ''}`,
      who: `user-${i % 40 < 20 ? 1 : at % 9}`,
      at: new Date(Date.UTC(2026, 0, 1, Math.floor(i / 30), i % 30)).toISOString(),
      later: new Date(Date.UTC(2026, 0, i % 50 === 0 ? 20 : 1)).toISOString(),
      name: `n'${at}`,
      url: `https://host-${at % 7}.example/${at}`,
      hash: `h${at}`,
      seen: i % 90 === 1 ? 'other' : `H${at}`,
      score: at % 17 === 0 ? null : at / 7,
      group: `g${at % 4}`,
    };
  });
}

requirePart('Spark', home !== '', HOW_TO_GET_SPARK, 'statements on Spark', () => {
  let engine: Engine;
  let duckdb: Engine;
  beforeAll(async () => {
    engine = await openSpark({ ...spark, limits, temporary: folder });
    duckdb = await openEngine({ files: new Map(), limits });
  });
  afterAll(async () => {
    await engine.close();
    await duckdb.close();
  });

  it('give for each function of the dialect what DuckDB gives', async () => {
    const texts = [
      'abc',
      'Übung macht, den  Meister! 42',
      '',
      'https://u@Example.org:8080/x',
      'a\u200Bb \u0430b',
      '東京 x',
      'x\u{1F3F4}\u{E0067}',
    ];
    const one = (text: string, { literal }: typeof DUCKDB) => {
      const x = literal(text);
      return `SELECT digest_of(${x}) AS a, hash_of(${x}) AS b, words_of(${x}) AS c, size_of(words_of(${x})) AS d, host_of(${x}) AS e,
        removed(${x}, '[0-9]') AS f, length_of(${x}) AS g, matches(${x}, '[\\p{Han}]') AS h, matches(${x}, '[\\x{E0000}-\\x{E007F}]') AS i,
        signature_of(triples_of(words_of(${x}))) AS j, band_of(signature_of(triples_of(words_of(${x}))), 3) AS k`;
    };
    for (const text of texts) {
      const [ours, theirs] = [await engine.run(one(text, SPARK)), await duckdb.run(one(text, DUCKDB))];
      expect({ text, rows: ours.rows }).toEqual({ text, rows: theirs.rows });
    }
  });

  it('hold texts and parameters as they are, whatever they hold', async () => {
    const hostile = [
      "'); DROP TABLE x; --",
      '\\',
      '"',
      "''",
      'a\nb',
      '${x}',
      '!!',
      '\u2028',
      '`;',
      '-- a',
      '/* b',
      '\t',
      'a;',
    ];
    const { rows } = await engine.run(
      `SELECT ${hostile.map((text, i) => `${SPARK.literal(text)} AS c${i}`).join(', ')}`,
    );
    expect(rows[0]).toEqual(hostile);
    for (const text of hostile) {
      const echoed = await engine.run(`SELECT ${SPARK.parameter('x')} AS x`, { x: text });
      expect(echoed.rows).toEqual([[text]]);
    }
    const numbers = await engine.run(`SELECT ${SPARK.parameter('a')} AS a, ${SPARK.parameter('b')} AS b`, {
      a: 2 ** 40,
      b: 0.1,
    });
    expect(numbers.rows).toEqual([[2 ** 40, 0.1]]);
  });

  it('go on after one that fails, with what Spark said of it', async () => {
    for (const statement of ['SELECT nothing FROM nowhere', "SELECT raise_error('reason') AS x", 'CREATE NONSENSE']) {
      await expect(engine.run(statement)).rejects.toMatchObject({
        code: 'malformed',
        message: expect.stringMatching(/nowhere|reason|NONSENSE/),
      });
      expect((await engine.run('SELECT 1 AS x')).rows).toEqual([[1]]);
    }
  });

  it('find in a data set what DuckDB finds, and make the same profile', async () => {
    const files = [await parquet('train', planted(400, 0)), await parquet('test', planted(120, 380))];
    const columns = {
      label: 'label',
      text: 'body',
      source: 'who',
      time: 'at',
      id: 'name',
      url: 'url',
      hash: 'hash',
      'downloaded-hash': 'seen',
      eventTimes: ['later'],
    };
    const [theirs, ours] = [
      await checkData(files, { columns, limits }),
      await checkData(files, { columns, limits, spark }),
    ];
    expect(ours.report.engine).toMatchObject({ name: 'Spark', version: expect.stringMatching(/^4\./) });
    expect(ours.report.checks).toEqual(theirs.report.checks);
    expect(ours.rows).toEqual(theirs.rows);
    expect(ours.profile).toEqual(theirs.profile);
    const flagged = theirs.report.checks
      .filter(({ rowCount, status }) => rowCount > 0 || status === 'fail')
      .map(({ id }) => id);
    expect(flagged).toEqual(
      expect.arrayContaining([
        'data.split-leakage',
        'data.invisible-text',
        'data.mixed-script',
        'data.future-values',
        'data.split-view',
        'data.near-duplicates',
      ]),
    );
  });

  it('are not run over names or paths that its shell splits, nor over other formats', async () => {
    const odd = await parquet('odd', [{ label: 'a', 'x`; DROP TABLE samples; --': 1 }]);
    await expect(openDataset([odd], { choice: { label: 'label' }, limits, spark })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('DROP TABLE'),
    });
    const cases: [string, string][] = [
      ['rows.csv', 'a,b\n1,2\n'],
      ['_rows.parquet', 'PAR1'],
      ['a=b.parquet', 'PAR1'],
      ['it*s.parquet', 'PAR1'],
    ];
    for (const [name, content] of cases) {
      writeFileSync(join(folder, name), content);
      await expect(openDataset([join(folder, name)], { choice: {}, limits, spark })).rejects.toMatchObject({
        code: 'unsupported',
      });
    }
  });

  it('end when they are stopped, with the program and all that it started', async () => {
    const stop = new AbortController();
    const session = await openSpark({ ...spark, limits, temporary: folder, signal: stop.signal });
    const running = session.run('SELECT count(*) AS x FROM range(1000000000000) AS a CROSS JOIN range(1000000) AS b');
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    await session.close();
  });
});
