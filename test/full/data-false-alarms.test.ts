import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { clopperPearson } from '../../src/core/statistics/binomial.ts';
import { dataChecks, messages, type Row, writeRows } from '../support/data-set.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
/** Approved data sets, and data sets that are compared with each. */
const APPROVED = 50;
const FRESH = 5;
const RESAMPLES = APPROVED * FRESH;
/** Rows of each. */
const ROWS = 800;
const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const COLUMNS = {
  label: 'label',
  text: 'text',
  id: 'id',
  source: 'user',
  time: 'at',
  split: 'part',
  url: 'url',
  hash: 'listed',
  'downloaded-hash': 'seen',
  eventTimes: ['known'],
};

/** Real messages in a random order, with users, times, hosts and numbers that have nothing to do with them. */
function resample(random: SeededRandom): readonly Row[][] {
  const all = messages();
  const rows = [...random.order(all.length)].map((place, i) => {
    const at = START + 60 * DAY * random.unit();
    return {
      ...all[place],
      user: `user-${random.below(25)}`,
      at: new Date(at).toISOString(),
      known: new Date(at - DAY * random.unit()).toISOString(),
      part: i % 4 === 0 ? 'test' : 'train',
      url: `https://host-${random.below(40)}.example/${i}`,
      listed: `h${i}`,
      seen: `h${i}`,
      weight: random.normal(),
      kind: 'abcdef'[random.below(6)] ?? 'a',
    };
  });
  return Array.from({ length: FRESH + 1 }, (_, i) => rows.slice(i * ROWS, (i + 1) * ROWS));
}

it('raises few false alarms about clean data', { timeout: 36_000_000 }, async () => {
  const random = new SeededRandom(5);
  const alarms = new Map<string, number>();
  let together = 0;
  for (let i = 0; i < APPROVED; i++) {
    const [approved = [], ...others] = resample(random);
    const first = await dataChecks([writeRows(join(folder, 'approved.jsonl'), approved)], COLUMNS);
    writeFileSync(join(folder, 'baseline.json'), first.profile);
    for (const fresh of others) {
      const path = writeRows(join(folder, 'fresh.jsonl'), fresh);
      const { report } = await dataChecks([path], COLUMNS, { baseline: join(folder, 'baseline.json') });
      if (report.status === 'fail') together++;
      for (const { id, status } of report.checks) {
        expect(status, id).not.toBe('error');
        if (status !== 'not-assessed') alarms.set(id, (alarms.get(id) ?? 0) + (status === 'fail' ? 1 : 0));
      }
    }
  }
  for (const [id, count] of alarms) process.stdout.write(`${id}: ${line(count)}\n`);
  process.stdout.write(`data that a check fails: ${line(together)}\n`);
  expect([...alarms.keys()]).toEqual(expect.arrayContaining(MEASURED));
  for (const [id, count] of [...alarms, ['all together', together] as const])
    expect(count / RESAMPLES, id).toBeLessThanOrEqual(0.05);
});

/** Checks that this data has all columns for. */
const MEASURED = [
  'schema',
  'label-drift',
  'feature-drift',
  'split-leakage',
  'near-split-leakage',
  'conflicting-duplicates',
  'near-duplicates',
  'invisible-text',
  'mixed-script',
  'split-view',
  'future-values',
  'source-labels',
  'bursts',
  'new-contributors',
  'hosts',
  'front-running',
].map((name) => `data.${name}`);

function line(count: number): string {
  return `${count} of ${RESAMPLES}, 95 % interval up to ${(100 * clopperPearson(count, RESAMPLES).high).toFixed(1)} %`;
}
