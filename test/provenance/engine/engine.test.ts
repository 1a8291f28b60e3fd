import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STATEMENTS, statementNamed } from '../../../src/provenance/detectors/sql/index.ts';
import { DUCKDB, inDialect } from '../../../src/provenance/engine/dialect.ts';
import { DEFAULT_DATA_LIMITS, type Engine, openEngine } from '../../../src/provenance/engine/engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ files: new Map(), limits: DEFAULT_DATA_LIMITS });
});
afterAll(() => engine.close());

describe('the dialect', () => {
  it('quotes names and texts, whatever they hold', async () => {
    const { identifier, literal } = DUCKDB;
    const hostile = [
      "a\" FROM read_csv('/etc/passwd')--",
      "'); DROP TABLE samples; --",
      '\\',
      '"',
      "''",
      '$x',
      ':x',
      '/*',
      'a\nb',
    ];
    const echoed = async (text: string) => {
      const { columns, rows } = await engine.run(`SELECT ${literal(text)} AS ${identifier(text)}`);
      expect({ name: columns[0]?.name, value: rows[0]?.[0] }).toEqual({ name: text, value: text });
    };
    for (const text of hostile) await echoed(text);
    const anyText = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));
    await fc.assert(fc.asyncProperty(anyText, echoed), { numRuns: 40 });
  });

  it('takes out comments and names parameters in the files of statements', () => {
    expect(inDialect('-- a: b\nSELECT :x_y, CAST(:z AS INT) -- c\nFROM t', DUCKDB)).toBe(
      'SELECT $x_y, CAST($z AS INT) \nFROM t',
    );
    expect(inDialect('SELECT a::INT', DUCKDB)).toBe('SELECT a::INT');
    for (const name of STATEMENTS) expect(statementNamed(name), name).toMatch(/^-- [A-Z]/);
  });

  it('computes the same digests, hashes and words on every machine', async () => {
    const { rows } = await engine.run(
      "SELECT digest_of('abc'), hash_of('abc'), words_of('Übung macht, den  Meister! 42'), size_of(words_of('a b')), host_of('https://u@Example.org:8080/x?y=http://z'), removed('a1b2', '[0-9]')",
    );
    expect(rows[0]).toEqual([
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      0x9001509,
      ['übung', 'macht', 'den', 'meister', '42'],
      2,
      'example.org',
      'ab',
    ]);
  });

  it('finds texts alike by their signatures', async () => {
    const text =
      'the quick brown fox jumps over the lazy dog and runs into the deep dark forest where nobody lives any more since the winter came';
    const alike = async (a: string, b: string) => {
      await engine.run(
        'CREATE OR REPLACE TABLE two AS SELECT n, signature_of(hashes) AS s FROM (SELECT n, triples_of(words_of(t)) AS hashes FROM (SELECT 1 AS n, $a AS t UNION ALL SELECT 2, $b) AS texts) AS hashed',
        { a, b },
      );
      const { rows } = await engine.run('SELECT alike_of(x.s, y.s) FROM two AS x, two AS y WHERE x.n = 1 AND y.n = 2');
      return Number(rows[0]?.[0]);
    };
    expect(await alike(text, text)).toBe(32);
    expect(await alike(text, `${text} again`)).toBeGreaterThan(26);
    expect(
      await alike(
        text,
        'stock markets fell sharply on monday after the central bank raised its interest rates for the third time',
      ),
    ).toBeLessThan(4);
  });
});
