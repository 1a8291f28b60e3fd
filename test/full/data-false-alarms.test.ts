import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { clopperPearson } from '../../src/core/statistics/binomial.ts';
import { dataChecks, messages, type Row, writeRows } from '../support/data-set.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
const RESAMPLES = 200;
/** Rows of the approved data, and of that which is compared with it. */
const ROWS = 1000;
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
function resample(random: SeededRandom): readonly [Row[], Row[]] {
  const all = messages();
  const rows = [...random.order(all.length)].slice(0, 2 * ROWS).map((place, i) => {
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
  return [rows.slice(0, ROWS), rows.slice(ROWS)];
}

it('raises few false alarms about clean data', { timeout: 36_000_000 }, async () => {
  const random = new SeededRandom(5);
  const alarms = new Map<string, number>();
  let together = 0;
  for (let i = 0; i < RESAMPLES; i++) {
    const [approved, fresh] = resample(random);
    const first = await dataChecks([writeRows(join(folder, 'approved.jsonl'), approved)], COLUMNS);
    writeFileSync(join(folder, 'baseline.json'), first.profile);
    const { report } = await dataChecks([writeRows(join(folder, 'fresh.jsonl'), fresh)], COLUMNS, {
      baseline: join(folder, 'baseline.json'),
    });
    for (const { id, status } of report.checks) {
      expect(status, id).not.toBe('not-assessed');
      expect(status, id).not.toBe('error');
      if (!alarms.has(id)) alarms.set(id, 0);
      if (status === 'fail') alarms.set(id, (alarms.get(id) ?? 0) + 1);
    }
    if (report.status === 'fail') together++;
  }
  for (const [id, count] of alarms) process.stdout.write(`${id}: ${line(count)}\n`);
  process.stdout.write(`data that a check fails: ${line(together)}\n`);
  expect(together / RESAMPLES).toBeLessThanOrEqual(0.05);
  for (const [id, count] of alarms) expect(count / RESAMPLES, id).toBeLessThanOrEqual(0.05);
});

function line(count: number): string {
  return `${count} of ${RESAMPLES}, 95 % interval up to ${(100 * clopperPearson(count, RESAMPLES).high).toFixed(1)} %`;
}
