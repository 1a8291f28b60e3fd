import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { UsageRow } from '../../../src/registry/index.ts';
import { usageCsv } from '../../../src/service/usage/csv.ts';

const ROW: UsageRow = {
  tenant: 'acme',
  model: 'acme/model',
  kind: null,
  jobs: 2,
  attempts: 3,
  unmeasured: 1,
  reused: 0,
  wallSeconds: 1.5,
  cpuSeconds: null,
  peakBytes: 100,
  fetchedBytes: 0,
  storedBytes: 10,
  gpuSeconds: null,
  price: { amount: '0.10', currency: 'EUR' },
};

function csvOf(...models: readonly string[]): string {
  const rows = models.map((model) => ({ ...ROW, model }));
  return usageCsv({
    from: '2026-11-01T00:00:00.000Z',
    to: '2026-12-01T00:00:00.000Z',
    by: 'model',
    complete: true,
    rows,
  });
}

/** The cells of a table as RFC 4180 says. */
function cellsOf(csv: string): string[][] {
  return [...csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)].reduce<string[][]>(
    (rows, [, quoted, plain, end]) => {
      const row = rows.at(-1) ?? [];
      row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
      if (end !== ',') rows.push([]);
      return rows;
    },
    [[]],
  );
}

it('the table has a row for each, and an empty cell for what is not known', () => {
  expect(csvOf('acme/model')).toBe(
    [
      'from,to,tenant,model,kind,jobs,attempts,attempts_unmeasured,attempts_reused,wall_seconds,cpu_seconds,gpu_seconds,peak_memory_bytes,fetched_bytes,stored_bytes,price,currency',
      '"2026-11-01T00:00:00.000Z","2026-12-01T00:00:00.000Z","acme","acme/model",,2,3,1,0,1.5,,,100,0,10,"0.10","EUR"',
      '',
    ].join('\r\n'),
  );
});

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\u200b=1', '\uff1d1', '|cmd', '%0A=1'])(
  'a name %j is not a formula of a spreadsheet',
  (name) => {
    expect(cellsOf(csvOf(name))[1]?.[3]).toBe(`'${name}`);
  },
);

it('no name adds a cell or a row, or begins a formula', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '=', '+', '-', '@', 'a', ' ') }), (name) => {
      const rows = cellsOf(csvOf(name, 'acme/next'));
      expect(rows.map((row) => row.length)).toEqual([17, 17, 17, 0]);
      const shown = rows[1]?.[3] ?? '';
      expect([name, `'${name}`]).toContain(shown);
      expect(shown).not.toMatch(/^\s*[=+\-@]/);
      expect(rows[2]?.[3]).toBe('acme/next');
    }),
  );
});
