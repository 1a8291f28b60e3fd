import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DataReport, DataReportSchema } from '../../../../src/core/data/schema.ts';
import { check } from '../../../../src/core/schema/check.ts';
import { TABLES, writeRows } from '../../../support/data-set.ts';
import { all, parseHtml, textOf } from '../../../support/parsed-html.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const folder = tempFolder();
const at = (name: string) => join(folder, name);
const REVIEWS = join(TABLES, 'reviews.parquet');
const COLUMNS = ['--label', 'label', '--text', 'text', '--time', 'at', '--source', 'user', '--id', 'id'];

function reportOf(stdout: string): DataReport {
  const checked = check(DataReportSchema, JSON.parse(stdout));
  if ('invalid' in checked) throw new Error(JSON.stringify(checked.invalid));
  return checked.value;
}

describe('assay data', () => {
  it('writes a profile, passes the same data, and fails other data, with the rows to look at', async () => {
    const first = await runCli(['data', REVIEWS, ...COLUMNS, '--profile-out', at('approved.json')]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain('400 rows · read with DuckDB v1.5.6\ncompared with no approved data');
    expect(first.stdout).toMatch(/ {2}not assessed {2}data\.label-drift +there is no approved baseline/);
    const again = await runCli(['data', REVIEWS, ...COLUMNS, '--baseline', at('approved.json'), '--format', 'json']);
    expect(again.code).toBe(0);
    const report = reportOf(again.stdout);
    expect(report).toMatchObject({
      status: 'pass',
      rows: 400,
      baseline: { rows: 400 },
      owasp: { 'ML02:2023': { evidence: 'direct' } },
    });
    expect(report.files[0]?.sha256).toMatch(/^sha256:[0-9a-f]{64}$/);
    const rows = Array.from({ length: 60 }, (_, i) => ({
      id: `=cmd|' /C calc'!A${i}`,
      label: i % 2 === 0 ? 'positive' : 'negative',
      text: 'the very same words of one text',
      user: '@mallory',
      at: '2026-02-01',
    }));
    const other = writeRows(at('other.jsonl'), rows);
    const second = await runCli([
      'data',
      other,
      ...COLUMNS,
      '--baseline',
      at('approved.json'),
      '--rows',
      at('rows.csv'),
      '-o',
      at('report.txt'),
      '-v',
    ]);
    expect(second).toMatchObject({ code: 1, stdout: '', stderr: '' });
    const text = readFileSync(at('report.txt'), 'utf8');
    expect(text).toMatch(/ {2}FAIL +data\.schema +the columns differ: "stars" is missing/);
    expect(text).toMatch(/ {2}FAIL +data\.conflicting-duplicates/);
    expect(text).toMatch(/ {2}look +data\.new-contributors/);
    const csv = readFileSync(at('rows.csv'), 'utf8');
    expect(csv).toMatch(/^check,row,id,score,why\r\n/);
    expect(csv).toContain(`"'=cmd|' /C calc'!A0"`);
    expect(csv).not.toMatch(/(?:^|,)"?[=+\-@]/m);
    const third = await runCli(['data', other, ...COLUMNS, '--rows', at('rows.parquet'), '-q', '--format', 'json']);
    expect(third.code).toBe(0);
    const listed = await runCli(['data', at('rows.parquet'), '--label', 'check', '--id', 'id', '--format', 'json']);
    expect(
      reportOf(listed.stdout)
        .columns.map(({ name }) => name)
        .sort(),
    ).toEqual(['check', 'id', 'row', 'score', 'why']);
  });

  it('draws a page with plots of the labels and of what fails', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ label: i < 70 ? 'a' : 'b', text: `row ${i}` }));
    const data = writeRows(at('drawn.jsonl'), rows);
    const options = ['--label', 'label', '--text', 'text', '--format', 'html', '-o', at('data.html')];
    expect(await runCli(['data', data, ...options])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const parsed = parseHtml(readFileSync(at('data.html'), 'utf8'));
    expect(parsed.errors).toEqual([]);
    const drawn = all(parsed, 'figure').map((one) => textOf(one).replace(/\s+/g, ' '));
    expect(drawn[0]).toContain('a0.7');
    expect(drawn[0]).toContain('b0.3');
    const alone = await runCli(['data', data, '--provenance', '--format', 'html']);
    expect(alone).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--format html: is a report') });
  });

  it('names what is wrong, and how to correct it', async () => {
    writeFileSync(at('bad.json'), '{"profileVersion":"2"}');
    writeFileSync(at('empty.csv'), 'label,text\n');
    const cases: readonly (readonly [readonly string[], string])[] = [
      [[REVIEWS, '--label', 'lable'], 'has no column "lable" (--label)'],
      [[REVIEWS, '--label', 'lable'], 'did you mean "label"'],
      [[at('absent.parquet')], 'does not exist'],
      [[join(TABLES, '..', 'spam')], 'messages.jsonl.gz'],
      [[REVIEWS, '--baseline', at('bad.json')], 'is not a profile of data'],
      [[REVIEWS, '--rows', at('rows.xlsx')], 'ends in neither .csv nor .parquet'],
      [[REVIEWS, '--memory-mib', '1'], 'is not a whole number from 256'],
      [[REVIEWS, '--snapshot', 'yesterday'], 'is not a time'],
      [[at('empty.csv')], 'has no rows'],
      [[REVIEWS, at('empty.csv'), '--label', 'label'], 'unlike'],
      [['--label', 'label'], 'dataset'],
    ];
    for (const [args, words] of cases.filter(([args]) => !args[0]?.endsWith('spam'))) {
      const { code, stdout, stderr } = await runCli(['data', ...args]);
      expect({ code, stdout }, args.join(' ')).toEqual({ code: 2, stdout: '' });
      expect(stderr, args.join(' ')).toContain(words);
    }
  });

  it('looks at where the data came from, beside the rest and alone', async () => {
    const bytes = readFileSync(REVIEWS);
    const data = at('reviews.parquet');
    writeFileSync(data, bytes);
    const manifest = (name: string, md5: string) => {
      writeFileSync(at(name), `outs:\n- md5: ${md5}\n  size: ${bytes.length}\n  hash: md5\n  path: reviews.parquet\n`);
      return at(name);
    };
    const right = manifest('right.dvc', createHash('md5').update(bytes).digest('hex'));
    const wrong = manifest('wrong.dvc', '0'.repeat(32));
    const first = await runCli(['data', data, '--label', 'label', '--manifest', right, '--format', 'json']);
    expect(first.code).toBe(0);
    expect(reportOf(first.stdout).checks[0]).toMatchObject({ id: 'data.provenance', status: 'not-assessed' });
    const second = await runCli(['data', data, '--label', 'label', '--manifest', wrong]);
    expect(second.code).toBe(1);
    expect(second.stdout).toMatch(/ {2}FAIL +data\.provenance +\S*reviews\.parquet has md5:/);
    const alone = await runCli(['data', data, '--provenance', '--manifest', wrong]);
    expect(alone.code).toBe(1);
    expect(alone.stdout).toMatch(/^no model · 1 file of data/);
    expect(alone.stdout).not.toContain('data.schema');
  });

  it('keeps text of the data from steering the terminal', async () => {
    const path = writeRows(at('escape.jsonl'), [
      { label: '\u001b[31mred', text: 'a\u200bb', id: '\u001b]0;title\u0007' },
    ]);
    const { stdout } = await runCli(['data', path, '--label', 'label', '--text', 'text', '--id', 'id']);
    expect(stdout).toContain('data.invisible-text');
    expect(stdout).not.toContain('\u001b');
  });

  it('stops when it is told to, and leaves nothing behind', async () => {
    const rows = Array.from({ length: 60_000 }, (_, i) => ({
      label: `${i % 3}`,
      text: `words ${i} and ${i * 7} more ${i % 11} here`,
    }));
    const path = writeRows(at('long.jsonl'), rows);
    const scratch = at('scratch');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(scratch);
    const { code, stderr } = await runCli(['data', path, '--label', 'label', '--text', 'text', '-o', at('never.txt')], {
      env: { TMPDIR: scratch },
      onStart: (child) => {
        const clock = setInterval(() => {
          const started = readdirSync(scratch).find((name) => name.startsWith('assay-rows-'));
          if (
            started === undefined ||
            !readdirSync(join(scratch, started)).some((name) => name.startsWith('assay-data-'))
          )
            return;
          clearInterval(clock);
          child.kill('SIGINT');
        }, 10);
        child.once('close', () => clearInterval(clock));
      },
    });
    expect(code).not.toBe(0);
    expect(stderr).not.toContain('internal');
    expect(existsSync(at('never.txt'))).toBe(false);
    expect(readdirSync(scratch).filter((name) => name.startsWith('assay-'))).toEqual([]);
  });
});
