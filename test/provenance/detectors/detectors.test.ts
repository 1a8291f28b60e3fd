import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import { DETECTORS } from '../../../src/provenance/detectors/list.ts';
import { dataChecks, messages, type Row, TABLES, writeRows } from '../../support/data-set.ts';
import { digitsArrays } from '../../support/digits.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
const COLUMNS = { label: 'label', text: 'text', id: 'id', source: 'user', time: 'at' };
const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');

/** Real messages, from users and at times that have nothing to do with them, in two halves. */
function halves(): readonly [Row[], Row[]] {
  const random = new SeededRandom(11);
  const rows = messages()
    .map((row) => ({ row, key: random.unit() }))
    .sort((a, b) => a.key - b.key)
    .map(({ row }) => ({
      ...row,
      user: `user-${Math.floor(30 * random.unit())}`,
      at: new Date(START + 90 * DAY * random.unit()).toISOString(),
      weight: random.unit() + random.unit() + random.unit(),
      kind: random.unit() < 0.7 ? 'a' : 'b',
    }));
  return [rows.slice(0, 2000), rows.slice(2000, 4000)];
}

const [approved, fresh] = halves();
const paths = {
  approved: writeRows(join(folder, 'approved.jsonl'), approved),
  baseline: join(folder, 'baseline.json'),
};
let written: Promise<string> | undefined;

async function baseline(): Promise<string> {
  written ??= dataChecks([paths.approved], COLUMNS).then(({ profile }) => {
    writeFileSync(paths.baseline, profile);
    return paths.baseline;
  });
  return await written;
}

const changed = (name: string, change: (row: Row, i: number) => Row) =>
  writeRows(join(folder, `${name}.jsonl`), fresh.map(change));
const statuses = (checks: readonly { readonly id: string; readonly status: string }[]) =>
  Object.fromEntries(checks.map(({ id, status }) => [id.slice('data.'.length), status]));

describe('the detectors', () => {
  it('find nothing in other real messages of the same population', async () => {
    const { report } = await dataChecks([changed('clean', (row) => row)], COLUMNS, { baseline: await baseline() });
    expect(report.status).toBe('pass');
    expect(statuses(report.checks)).toMatchObject({
      schema: 'pass',
      'label-drift': 'pass',
      'feature-drift': 'pass',
      'conflicting-duplicates': 'pass',
      'near-duplicates': 'pass',
      'invisible-text': 'pass',
      'mixed-script': 'pass',
      'source-labels': 'pass',
      bursts: 'pass',
      'new-contributors': 'pass',
      'front-running': 'pass',
      'split-leakage': 'not-assessed',
      'near-split-leakage': 'not-assessed',
      'split-view': 'not-assessed',
      'future-values': 'not-assessed',
      hosts: 'not-assessed',
    });
    expect(report.owasp['ML02:2023'].status).toBe('partial');
  });

  it('find copies, flips, hidden text, a source and its burst, and show the rows', async () => {
    const words = (text: unknown) => String(text).split(' ');
    const poisoned = changed('poisoned', (row, i) => {
      if (i < 40) return { ...row, user: 'mallory', label: 'spam', at: '2026-03-31T23:10:00Z' };
      if (i < 80)
        return {
          ...row,
          text: String(fresh[i + 400]?.text ?? ''),
          label: fresh[i + 400]?.label === 'ham' ? 'spam' : 'ham',
        };
      if (i < 140)
        return {
          ...row,
          text: [...words(fresh[i + 400]?.text), 'indeed'].join(' '),
          label: fresh[i + 400]?.label === 'ham' ? 'spam' : 'ham',
        };
      if (i < 145) return { ...row, text: `${row.text} tr\u200bigger` };
      if (i === 145) return { ...row, text: `${row.text} \u{E0068}\u{E0069}` };
      if (i === 146) return { ...row, text: `${row.text} \u202Eetirw` };
      if (i < 151) return { ...row, text: `${row.text} p\u0430ypal` };
      return row;
    });
    const { check, report, rows } = await dataChecks([poisoned], COLUMNS, { baseline: await baseline() });
    expect(report.status).toBe('fail');
    expect(report.owasp['ML02:2023'].status).toBe('fail');
    expect(check('conflicting-duplicates')).toMatchObject({ status: 'fail', rowCount: 40 });
    expect(check('near-duplicates').status).toBe('fail');
    expect(check('near-duplicates').rowCount).toBeGreaterThan(90);
    expect(check('invisible-text')).toMatchObject({ status: 'fail', rowCount: 7 });
    expect(check('invisible-text').rows[0]).toMatchObject({
      row: 141,
      id: fresh[140]?.id,
      why: 'holds characters without width within a word',
    });
    expect(check('mixed-script')).toMatchObject({ status: 'fail', rowCount: 4 });
    expect(check('source-labels')).toMatchObject({ weight: 'review', rows: [{ row: 1 }] });
    expect(check('bursts').rows[0]?.why).toContain('mallory');
    expect(check('new-contributors').rows.map(({ why }) => why)).toEqual([
      expect.stringContaining('"mallory" is not in the baseline: 40 rows'),
    ]);
    expect(check('front-running').rows[0]).toMatchObject({ row: 1 });
    expect(check('source-labels').figures[0]?.bars[0]?.name).toMatch(/^".+" gives ".+"$/);
    expect(check('front-running').figures[0]?.bars).toHaveLength(20);
    expect(check('label-drift').status).toBe('pass');
    expect(rows.filter(({ check: id }) => id === 'data.invisible-text').map(({ id }) => id)).toEqual(
      fresh.slice(140, 147).map(({ id }) => id),
    );
  });

  it('find drift of labels, numbers and categories, a missing column and a new label', async () => {
    const drifted = changed('drifted', ({ kind, ...row }, i) => ({
      ...row,
      weight: Number(row.weight) + 1.5,
      sort: kind ?? null,
      label: i < 900 ? 'spam' : i < 930 ? 'phish' : (row.label ?? null),
    }));
    const { check } = await dataChecks([drifted], COLUMNS, { baseline: await baseline() });
    expect(check('schema')).toMatchObject({
      status: 'fail',
      detail: 'the columns differ: "kind" is missing; "sort" is new',
    });
    expect(check('label-drift')).toMatchObject({
      status: 'fail',
      detail: 'the baseline does not have the label "phish"',
    });
    expect(check('feature-drift').status).toBe('fail');
    expect(check('feature-drift').detail).toContain('"weight"');
    expect(check('feature-drift').figures[0]?.bars[0]).toMatchObject({ name: 'weight', baseline: null });
    const moved = changed('moved', (row, i) => ({
      ...row,
      kind: i % 3 === 0 ? 'c' : 'b',
      label: i < 900 ? 'spam' : (row.label ?? null),
    }));
    const second = await dataChecks([moved], COLUMNS, { baseline: await baseline() });
    expect(second.check('label-drift').detail).toContain('distributed otherwise');
    expect(second.check('feature-drift').detail).toContain('"kind"');
  });

  it('find rows of one split in another, exactly and nearly', async () => {
    const test = writeRows(
      join(folder, 'test.jsonl'),
      fresh
        .slice(0, 500)
        .map((row, i) =>
          i < 30
            ? { ...row, text: approved[i]?.text ?? '' }
            : i < 60
              ? { ...row, text: `${approved[i]?.text} too` }
              : row,
        ),
    );
    const { check, report } = await dataChecks([`train=${paths.approved}`, `test=${test}`], COLUMNS);
    expect(check('split-leakage')).toMatchObject({
      status: 'fail',
      rowCount: 30,
      detail: '6 % of the split test (30 rows) is in another split, too',
    });
    expect(check('split-leakage').rows[0]).toMatchObject({ row: 2001, id: fresh[0]?.id });
    expect(check('near-split-leakage').status).toBe('not-assessed');
    expect(check('near-split-leakage').rowCount).toBeGreaterThan(25);
    expect(report.splits).toEqual([
      { name: 'train', rows: 2000 },
      { name: 'test', rows: 500 },
    ]);
    const apart = await dataChecks([`train=${paths.approved}`, `test=${changed('apart', (row) => row)}`], COLUMNS);
    expect(apart.check('split-leakage')).toMatchObject({ status: 'pass', rowCount: 0 });
  });

  it('count near copies of one text once, because they come together', async () => {
    const columns = { label: 'label', text: 'text' };
    const parts = (name: string, test: readonly Row[]) => [
      `train=${writeRows(join(folder, `${name}-train.jsonl`), approved.slice(0, 600))}`,
      `test=${writeRows(join(folder, `${name}-test.jsonl`), test)}`,
    ];
    const first = await dataChecks(parts('before', fresh.slice(0, 300)), columns);
    const profile = join(folder, 'splits.json');
    writeFileSync(profile, first.profile);
    const nearly = (text: unknown, i: number) => `${text} number ${i}`;
    const campaign = parts(
      'campaign',
      fresh.slice(300, 600).map((row, i) => (i < 40 ? { ...row, text: nearly(approved[7]?.text, i) } : row)),
    );
    const one = await dataChecks(campaign, columns, { baseline: profile });
    expect(one.check('near-split-leakage').status).toBe('pass');
    expect(one.check('near-split-leakage').rowCount).toBeGreaterThan(35);
    const leak = parts(
      'leak',
      fresh.slice(300, 600).map((row, i) => (i < 40 ? { ...row, text: nearly(approved[i]?.text, i) } : row)),
    );
    const many = await dataChecks(leak, columns, { baseline: profile });
    expect(many.check('near-split-leakage').status).toBe('fail');
  });

  it('compare downloads with the list, hosts with the baseline, and events with the time of the row', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({
      url: `https://${i % 5 === 0 ? 'b' : 'a'}.example/${i}.jpg`,
      listed: i === 7 ? null : `AB${i}`,
      seen: i === 3 ? 'other' : i === 4 ? null : `ab${i}`,
      at: '2026-01-02 00:00:00',
      paid: i === 9 ? '2026-01-03 00:00:00' : '2026-01-01 00:00:00',
    }));
    const columns = { url: 'url', hash: 'listed', 'downloaded-hash': 'seen', time: 'at', eventTimes: ['paid'] };
    const path = writeRows(join(folder, 'urls.jsonl'), rows);
    const { check, profile } = await dataChecks([path], columns);
    expect(check('split-view')).toMatchObject({
      status: 'fail',
      rows: [{ row: 4, why: 'its content is not what the list says: https://a.example/3.jpg' }],
    });
    expect(check('split-view').measures.map(({ value }) => value)).toEqual([1, 1, 1]);
    expect(check('future-values')).toMatchObject({ status: 'fail', rows: [{ row: 10, score: 86_400 }] });
    expect(check('hosts')).toMatchObject({
      status: 'pass',
      detail: '2 hosts; 1 row named by an address without a hash',
    });
    writeFileSync(join(folder, 'hosts.json'), profile);
    const good = rows.map((row, i) => ({
      ...row,
      url: i === 0 ? 'http://evil.example/' : row.url,
      listed: 'a',
      seen: 'A',
      paid: row.at,
    }));
    const second = await dataChecks([writeRows(join(folder, 'urls2.jsonl'), good)], columns, {
      baseline: join(folder, 'hosts.json'),
    });
    expect(second.check('hosts').rows.map(({ why }) => why)).toEqual([
      'the host "evil.example" is not in the baseline: 1 row',
    ]);
    expect(second.check('split-view').status).toBe('pass');
    expect(second.check('future-values').status).toBe('pass');
  });

  it('compare tables of numbers: handwritten digits, and the same with other pixels and labels', async () => {
    const { X, y } = await digitsArrays();
    const width = X.dims[1] ?? 0;
    const digits = Array.from({ length: X.dims[0] ?? 0 }, (_, i) => ({
      label: `${y.values[i]}`,
      ...Object.fromEntries(Array.from({ length: width }, (_, j) => [`pixel-${j}`, Number(X.values[i * width + j])])),
    }));
    const half = digits.length >> 1;
    const columns = { label: 'label' };
    const first = await dataChecks([writeRows(join(folder, 'digits.jsonl'), digits.slice(0, half))], columns);
    const profile = join(folder, 'digits.json');
    writeFileSync(profile, first.profile);
    const second = await dataChecks([writeRows(join(folder, 'digits2.jsonl'), digits.slice(half))], columns, {
      baseline: profile,
    });
    expect(second.report.status).toBe('pass');
    expect(second.check('feature-drift').detail).toContain(`${width} columns`);
    const changed = digits
      .slice(half)
      .flatMap((row, i) => [
        { ...row, 'pixel-20': 16 - Number((row as Row)['pixel-20']), 'pixel-43': 3 },
        ...(i < 20 ? [{ ...row, 'pixel-20': 16 - Number((row as Row)['pixel-20']), 'pixel-43': 3, label: '9' }] : []),
      ]);
    const third = await dataChecks([writeRows(join(folder, 'digits3.jsonl'), changed)], columns, { baseline: profile });
    expect(third.check('feature-drift')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('"pixel-43"'),
    });
    expect(third.check('conflicting-duplicates').status).toBe('fail');
    expect(third.check('conflicting-duplicates').rowCount).toBeGreaterThan(15);
  });

  it('write the same profile of the same data, and no row of it', async () => {
    const [a, b] = [
      await dataChecks([join(TABLES, 'reviews.parquet')], { label: 'label', text: 'text' }),
      await dataChecks([join(TABLES, 'reviews.parquet')], { label: 'label', text: 'text' }),
    ];
    expect(a.profile).toBe(b.profile);
    expect(a.profile).not.toMatch(/review-0001|number 1\b|reviews\.parquet/);
  });

  it('have ids of their own, and say what they cannot see', () => {
    expect(new Set(DETECTORS.map(({ id }) => id)).size).toBe(DETECTORS.length);
    for (const { id, falseAlarms, unseen } of DETECTORS) {
      expect(id).toMatch(/^data\.[a-z-]+$/);
      expect(falseAlarms.length * unseen.length).toBeGreaterThan(60);
    }
  });
});
