import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DataReportSchema } from '../../src/core/data/schema.ts';
import { check } from '../../src/core/schema/check.ts';
import { data } from '../../src/library/data.ts';
import { TABLES } from '../support/data-set.ts';

it('checks training data, and gives the report and a profile', async () => {
  const notes: string[] = [];
  const { report, profile } = await data([`train=${join(TABLES, 'reviews.parquet')}`], {
    columns: { label: 'label', text: 'text', id: 'id' },
    onEvent: (event) => {
      if (event.kind === 'note') notes.push(event.message);
    },
  });
  expect(check(DataReportSchema, report)).toHaveProperty('value');
  expect(report).toMatchObject({
    rows: 400,
    splits: [{ name: 'train', rows: 400 }],
    owasp: { 'ML02:2023': { status: 'partial' } },
  });
  expect(JSON.parse(profile)).toMatchObject({ profileVersion: '1', rows: 400 });
  expect(notes).toContain(`reading ${join(TABLES, 'reviews.parquet')}`);
  await expect(data(['no-such.csv'])).rejects.toMatchObject({ code: 'not-found', subject: 'no-such.csv' });
});
