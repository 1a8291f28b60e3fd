import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { TestReport } from '../../src/core/behavior/index.ts';
import { isAssayError } from '../../src/core/index.ts';
import { test } from '../../src/library/test.ts';
import { runCli } from '../cli/run-cli.ts';
import { onOneGround } from '../service/routes/backends.ts';
import type { Client } from '../service/routes/harness.ts';
import { ended, register, uploadAll } from '../service/routes/requests.ts';
import { DIGITS } from '../support/digits.ts';
import { HOSTILE } from '../support/onnx-hostile.ts';
import { onnxBytes } from '../support/onnx-models.ts';
import { tempFolder } from '../support/temp.ts';

/** What a face answers: the report without places, or why there is none. */
type Answer = { readonly report: unknown } | { readonly code: string };

interface Case {
  readonly about: string;
  readonly model: string;
  readonly suite: string;
  /** Compared with the good model, which is approved in the registry. */
  readonly compared?: boolean;
  readonly status?: TestReport['status'];
  /** Of the command line. */
  readonly exit: number;
  readonly code?: string;
}

const folder = tempFolder();
const suites = join(folder, 'suites');
const at = (...names: readonly string[]) => join(folder, ...names);
mkdirSync(suites);
copyFileSync(join(DIGITS, 'held-out.npz'), join(suites, 'held-out.npz'));
writeFileSync(join(suites, 'one.csv'), 'x\n1\n');
writeFileSync(at('cut.onnx'), readFileSync(join(DIGITS, 'good.onnx')).subarray(0, 999));
writeFileSync(at('m.safetensors'), 'x');

const suiteOf = (name: string, tests: readonly string[], data: string) =>
  writeFileSync(
    join(suites, `${name}.yaml`),
    `version: 1\nname: ${name}\nseed: 7\ndata: { rows: ${data} }\ntests:\n${tests.map((one) => `  - ${one}\n`).join('')}`,
  );
const DATA = '{ inputs: [{ file: held-out.npz, columns: [X] }], labels: "held-out.npz#y" }';
suiteOf(
  'digits',
  [
    '{ id: accuracy, kind: accuracy, data: rows, min: 0.9 }',
    '{ id: ranking, kind: ranking, data: rows, top: 2, min: 0.9 }',
    '{ id: noise, kind: invariance, data: rows, noise: 0.05, min: 0.5 }',
    '{ id: sums, kind: range, data: rows, output: probabilities, sum: 1 }',
    '{ id: attack, kind: adversarial, data: rows, attack: pgd, eps: 0.02, lower: 0, upper: 1, rows: 20, steps: 4, min: 0.1 }',
  ],
  DATA,
);
suiteOf('beside', ['{ id: accuracy, kind: accuracy, data: rows }'], DATA);
suiteOf('open', ['{ id: accuracy, kind: accuracy, data: rows }'], DATA);
suiteOf('one', ['{ id: same, kind: determinism, data: rows }'], '{ inputs: [{ file: one.csv, columns: [x], as: x }] }');
suiteOf('broken', ['{ id: a, kind: made-up, data: rows }'], DATA);
suiteOf('missing', ['{ id: a, kind: determinism, data: rows }'], '{ inputs: [{ file: none.npz }] }');

const GOOD = join(DIGITS, 'good.onnx');
const FLIPPED = join(DIGITS, 'flipped.onnx');
const CASES: readonly Case[] = [
  { about: 'a good model', model: GOOD, suite: 'digits', status: 'pass', exit: 0 },
  { about: 'a model that was trained on false labels', model: FLIPPED, suite: 'digits', status: 'fail', exit: 1 },
  {
    about: 'the same beside the approved version',
    model: FLIPPED,
    suite: 'beside',
    compared: true,
    status: 'fail',
    exit: 1,
  },
  { about: 'a suite that asks for nothing', model: GOOD, suite: 'open', status: 'not-assessed', exit: 0 },
  { about: 'a model that takes too much memory', model: at('fill.onnx'), suite: 'one', status: 'fail', exit: 1 },
  { about: 'a model that does not fit the data', model: GOOD, suite: 'one', exit: 2, code: 'usage' },
  { about: 'a suite that is wrong', model: GOOD, suite: 'broken', exit: 2, code: 'usage' },
  { about: 'data that are missing', model: GOOD, suite: 'missing', exit: 2, code: 'not-found' },
  { about: 'a cut model', model: at('cut.onnx'), suite: 'digits', exit: 2, code: 'truncated' },
  { about: 'another format', model: at('m.safetensors'), suite: 'digits', exit: 2, code: 'truncated' },
];

onOneGround(
  'tests through every face',
  (service) => {
    let sam: Client;
    beforeAll(async () => {
      writeFileSync(at('fill.onnx'), await onnxBytes(HOSTILE.fill()));
      sam = await service().as('sam', ['submitter']);
      const rita = await service().as('rita', ['reviewer']);
      const { id } = await register(sam, 'acme/compared', [{ path: 'good.onnx', bytes: readFileSync(GOOD) }]);
      const asked = await sam.call('POST', `/v1/versions/${id}/transition-requests`, { to: 'staging', comment: 'x' });
      await rita.call('POST', `/v1/transitions/${asked.body.id}/approve`, { comment: 'x' });
    });

    it.each(CASES)('have the same tests, measures and figures, or fail for the same reason: $about', async (one) => {
      const command = await throughCli(one);
      expect(await throughLibrary(one)).toEqual(command);
      expect(await throughService(one, sam)).toEqual(command);
      expect(command).toMatchObject(one.code === undefined ? { report: { status: one.status } } : { code: one.code });
    });
  },
  { suites },
);

async function throughCli({ model, suite, compared, exit, code }: Case): Promise<Answer> {
  const run = await runCli([
    ...['test', model, '--suite', join(suites, `${suite}.yaml`), '--format', 'json'],
    ...(compared === true ? ['--baseline', GOOD] : []),
  ]);
  expect([run.code, run.stderr]).toEqual([exit, code === undefined ? '' : expect.stringMatching(/^assay: /)]);
  // The code is not printed: its exit code says that there is one.
  return code === undefined ? { report: placeless(JSON.parse(run.stdout)) } : { code };
}

async function throughLibrary({ model, suite, compared }: Case): Promise<Answer> {
  try {
    const given = compared === true ? { baseline: GOOD } : {};
    return { report: placeless(await test(model, { suite: join(suites, `${suite}.yaml`), ...given })) };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return { code: error.code };
  }
}

async function throughService({ model, suite, compared }: Case, client: Client): Promise<Answer> {
  const name = model.slice(model.lastIndexOf('/') + 1);
  const upload = await uploadAll(client, [{ path: name, bytes: readFileSync(model) }]);
  const request = { upload, suite, model: compared === true ? 'acme/compared' : 'acme/alone' };
  const asked = await client.call('POST', '/v1/tests', request);
  const job = await ended(client, asked.body.id);
  if (job.state !== 'done') return { code: job.error.code };
  const { body } = await client.call('GET', `/v1/tests/${job.id}/report`);
  expect(job.outcome).toBe(body.status);
  return { report: placeless(body) };
}

/** Without where the model and the suite lie, which each face names in its own way. */
function placeless({ artifact: _, suite: { path: __, ...suite }, ...report }: TestReport) {
  return { ...report, suite };
}
