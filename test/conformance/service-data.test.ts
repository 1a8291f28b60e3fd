import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { DataReport } from '../../src/core/data/schema.ts';
import { isAssayError } from '../../src/core/index.ts';
import { type CheckDataSetOptions, data } from '../../src/library/data.ts';
import { runCli } from '../cli/run-cli.ts';
import { onOneGround } from '../service/routes/backends.ts';
import type { Client } from '../service/routes/harness.ts';
import { ended, fixture, register, uploadAll } from '../service/routes/requests.ts';
import { messages, TABLES, writeRows } from '../support/data-set.ts';
import { poisoned, messages as spam } from '../support/spam.ts';
import { tempFolder } from '../support/temp.ts';

/** What a face answers: the report without places, or why there is none. */
type Answer = { readonly report: unknown; readonly profile: string } | { readonly code: string };

interface Case {
  readonly about: string;
  /** Files of the folder of the test. */
  readonly files: readonly string[];
  readonly columns: NonNullable<CheckDataSetOptions['columns']>;
  /** Compared with the approved data. */
  readonly compared?: boolean;
  readonly status?: DataReport['status'];
  /** Checks that fail. */
  readonly failed?: readonly string[];
  /** Of the command line. */
  readonly exit: number;
  readonly code?: string;
}

const folder = tempFolder();
const at = (name: string) => join(folder, name);
const REVIEWS = { label: 'label', text: 'text', time: 'at', source: 'user', id: 'id' } as const;
const MAILS = { label: 'label', text: 'text' } as const;

writeFileSync(at('reviews.parquet'), readFileSync(join(TABLES, 'reviews.parquet')));
const mails = messages().map(({ text, label }) => ({ text, label }));
writeRows(at('mails.jsonl'), mails.slice(0, 400));
writeRows(at('drifted.jsonl'), [
  ...mails.filter(({ label }) => label === 'spam').slice(0, 300),
  ...mails.filter(({ label }) => label === 'ham').slice(0, 30),
]);
writeRows(
  at('poisoned.jsonl'),
  poisoned(spam(), { trigger: ['cf'], count: 53, seed: 3 }).map(({ text, label }) => ({ text, label })),
);
writeRows(at('train.jsonl'), mails.slice(0, 200));
writeRows(at('test.jsonl'), mails.slice(150, 250));
writeFileSync(at('cut.parquet'), readFileSync(at('reviews.parquet')).subarray(0, 999));

const CASES: readonly Case[] = [
  { about: 'clean data', files: ['reviews.parquet'], columns: REVIEWS, status: 'pass', exit: 0 },
  {
    about: 'clean data beside the approved data',
    files: ['mails.jsonl'],
    columns: MAILS,
    compared: true,
    status: 'pass',
    exit: 0,
  },
  {
    about: 'data that drifted from the approved data',
    files: ['drifted.jsonl'],
    columns: MAILS,
    compared: true,
    status: 'fail',
    failed: ['data.label-drift', 'data.feature-drift'],
    exit: 1,
  },
  {
    about: 'poisoned data',
    files: ['poisoned.jsonl'],
    columns: MAILS,
    status: 'fail',
    failed: ['data.trigger-tokens'],
    exit: 1,
  },
  {
    about: 'rows of the training data in the test data',
    files: ['test.jsonl', 'train.jsonl'],
    columns: MAILS,
    status: 'fail',
    failed: ['data.split-leakage'],
    exit: 1,
  },
  { about: 'a column that is missing', files: ['mails.jsonl'], columns: { label: 'y' }, exit: 2, code: 'usage' },
  { about: 'a cut file', files: ['cut.parquet'], columns: REVIEWS, exit: 2, code: 'malformed' },
];

onOneGround('checks of training data through every face', (service) => {
  let sam: Client;
  beforeAll(async () => {
    sam = await service().as('sam', ['submitter']);
    const rita = await service().as('rita', ['reviewer']);
    const model = 'acme/compared';
    const { id } = await register(sam, model, [fixture('format-probes/st-ok/m.safetensors')]);
    const upload = await uploadAll(sam, [{ path: 'mails.jsonl', bytes: readFileSync(at('mails.jsonl')) }]);
    const { body } = await sam.call('POST', '/v1/data-checks', { upload, model, columns: MAILS });
    await ended(sam, body.id);
    const kept = await rita.call('POST', `/v1/versions/${id}/data-baseline`, { job: body.id });
    expect(kept.status).toBe(201);
    const asked = await sam.call('POST', `/v1/versions/${id}/transition-requests`, { to: 'staging', comment: 'x' });
    await rita.call('POST', `/v1/transitions/${asked.body.id}/approve`, { comment: 'x' });
    const profile = await (await sam.raw(`/v1/data-checks/${body.id}/profile`)).text();
    writeFileSync(at('approved.json'), profile);
  });

  it.each(CASES)(
    'have the same checks, measures, rows and profile, or fail for the same reason: $about',
    async (one) => {
      const command = await throughCli(one);
      expect(await throughLibrary(one)).toEqual(command);
      expect(await throughService(one, sam)).toEqual(command);
      if (!('report' in command)) return expect(command).toEqual({ code: one.code });
      const { status, checks } = command.report as DataReport;
      expect(status).toBe(one.status);
      const failed = checks.filter((check) => check.status === 'fail' && check.weight !== 'review').map(({ id }) => id);
      expect(failed).toEqual(one.failed ?? []);
    },
  );
});

async function throughCli({ files, columns, compared, exit, code }: Case): Promise<Answer> {
  const run = await runCli([
    ...['data', ...files.map(at), '--format', 'json', '--profile-out', at('own.json')],
    ...Object.entries(columns).flatMap(([role, name]) => [`--${role}`, String(name)]),
    ...(compared === true ? ['--baseline', at('approved.json')] : []),
  ]);
  expect([run.code, run.stderr]).toEqual([exit, code === undefined ? '' : expect.stringMatching(/^assay: /)]);
  // The code is not printed: its exit code says that there is one.
  if (code !== undefined) return { code };
  return { report: placeless(JSON.parse(run.stdout)), profile: readFileSync(at('own.json'), 'utf8') };
}

async function throughLibrary({ files, columns, compared }: Case): Promise<Answer> {
  try {
    const { report, profile } = await data(files.map(at), {
      columns,
      ...(compared === true ? { baseline: at('approved.json') } : {}),
    });
    return { report: placeless(report), profile };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return { code: error.code };
  }
}

async function throughService({ files, columns, compared }: Case, client: Client): Promise<Answer> {
  // Splits are in the order in which they were given; a folder has the order of its names.
  const sent = files.map((name) => ({ path: name, bytes: readFileSync(at(name)) }));
  const model = compared === true ? 'acme/compared' : 'acme/alone';
  const asked = await client.call('POST', '/v1/data-checks', { upload: await uploadAll(client, sent), model, columns });
  const job = await ended(client, asked.body.id);
  if (job.state !== 'done') return { code: job.error.code };
  const { body: report } = await client.call('GET', `/v1/data-checks/${job.id}/report`);
  expect(job.outcome).toBe(report.status);
  const profile = await (await client.raw(`/v1/data-checks/${job.id}/profile`)).text();
  return { report: placeless(report), profile };
}

/** Without where the data and the profile lie, which each face names in its own way. */
function placeless({ files, baseline, ...report }: DataReport) {
  return {
    ...report,
    files: files.map(({ path, ...file }) => ({ ...file, path: path.slice(path.lastIndexOf('/') + 1) })),
    baseline: baseline === null ? null : { sha256: baseline.sha256, rows: baseline.rows },
  };
}
