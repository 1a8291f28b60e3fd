import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type TestReport, TestReportSchema } from '../../../../src/core/behavior/schema.ts';
import { check } from '../../../../src/core/schema/check.ts';
import { PRIVACY } from '../../../support/behavior.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const SHADOWS = Array.from({ length: 18 }, (_, at) => `shadow-${at}.onnx`);

function suiteOf(tests: string): string {
  const data = (name: string) => `
  ${name}:
    inputs: [{ file: ${name}.npz, columns: [X] }]
    labels: ${name}.npz#y
    columns: { in: "${name}.npz#in" }`;
  return `version: 1\nname: privacy\ndata:${data('members')}${data('non-members')}\ntests:\n${tests}\n`;
}

/** Runs a suite beside the models of privacy. */
async function run(tests: string, model = 'target.onnx') {
  const folder = tempFolder();
  cpSync(PRIVACY, folder, { recursive: true });
  const suite = join(folder, 'suite.yaml');
  writeFileSync(suite, suiteOf(tests));
  const run = await runCli(['test', join(PRIVACY, model), '--suite', suite, '--format', 'json']);
  return { ...run, report: run.code === 2 ? undefined : (JSON.parse(run.stdout) as TestReport) };
}

const lira = (more: string) =>
  `  - { id: lira, kind: membership, attack: lira, data: members, non-members: non-members, ${more} }`;

interface Roc {
  readonly auc: number;
  readonly tpr001: number;
  readonly tpr01: number;
}

/** By NumPy and SciPy, from the probabilities of scikit-learn. */
const expected = (
  JSON.parse(readFileSync(join(PRIVACY, 'expected.json'), 'utf8')) as {
    readonly lira: { readonly online: Roc; readonly offline: Roc };
  }
).lira;

const measured = (report: TestReport | undefined, name: string) =>
  report?.tests[0]?.measures.find((one) => one.name === name)?.value;

it('finds members with shadow models that the loss alone does not tell', async () => {
  const { code, report } = await run(lira(`shadows: [${SHADOWS.join(', ')}], max-tpr: 0.03`));
  expect(code).toBe(1);
  expect(check(TestReportSchema, report)).not.toHaveProperty('invalid');
  expect(report?.models?.map(({ path }) => path)).toEqual(SHADOWS);
  expect(measured(report, 'AUC (lira)')).toBeCloseTo(expected.online.auc, 2);
  expect(measured(report, 'TPR at 1 % FPR (lira)')).toBeCloseTo(expected.online.tpr01, 2);
  expect(measured(report, 'TPR at 0.1 % FPR (lira)')).toBeCloseTo(expected.online.tpr001, 2);
  expect(report?.tests[0]?.detail).toMatch(/^TPR at 1 % FPR \(lira\) is 0\.07\d*, and at most 0\.03 is asked$/);
});

it.each([
  ['../target.onnx', 'is not a path within the folder of the suite'],
  ['none.onnx', 'no such file'],
  ['members.npz', 'is not a whole ONNX model'],
])('refuses the shadow %s', async (path, message) => {
  const { code, stdout, stderr } = await run(lira(`shadows: [shadow-0.onnx, ${path}]`));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
  expect(stderr).toContain(path);
});

/** Runs a suite over a log of queries. */
async function runLog(lines: readonly string[], format: 'text' | 'json' = 'json') {
  const folder = tempFolder();
  cpSync(join(PRIVACY, 'members.npz'), join(folder, 'members.npz'));
  writeFileSync(join(folder, 'log.jsonl'), `${lines.join('\n')}\n`);
  const suite = join(folder, 'suite.yaml');
  writeFileSync(
    suite,
    `version: 1
name: log
data:
  log:
    inputs: [{ file: log.jsonl, columns: [input], as: X }]
    columns: { client: log.jsonl#client, time: log.jsonl#time }
  members: { inputs: [{ file: members.npz, columns: [X] }] }
tests:
  - { id: log, kind: query-log, data: log, natural: members }
`,
  );
  return await runCli(['test', join(PRIVACY, 'mlp.onnx'), '--suite', suite, '--format', format]);
}

const line = (at: number, more: object = {}) =>
  JSON.stringify({
    client: '\u001b[31mthief',
    time: `2026-01-01T00:00:${String(at).padStart(2, '0')}Z`,
    input: Array.from({ length: 64 }, (_, i) => ((at * 31 + i * i * 17) % 97) / 97),
    ...more,
  });

it('names the client of a log who asks noise, without its control characters', async () => {
  const lines = Array.from({ length: 40 }, (_, at) => line(at));
  const { code, stdout } = await runLog(lines, 'text');
  expect(code).toBe(1);
  expect(stdout).toContain('thief');
  expect(stdout).toContain('from query 20, more than 50 % of the queries are far from natural rows');
  expect(stdout).not.toContain('\u001b');
});

it.each<[string, string, string]>([
  ['a line without a client', line(1, { client: undefined }), 'has no "client" in line 2'],
  ['a line with more', line(1, { other: 1 }), 'has "other" in line 2, and not in the first'],
  ['an input of another length', line(1, { input: [1] }), 'does not have the shape [64] of the first in line 2'],
  ['a client that is a number among texts', line(1, { client: 7 }), 'holds the number 7 among texts in line 2'],
  ['a number that is too large', line(1).replace('"time":"', '"time":1e999,"x":"'), 'line 2'],
  ['a time that is none', line(1, { time: 'soon' }), 'row 1 of "log" has a time that is not one'],
  ['a line that is not JSON', `${'['.repeat(100_000)}`, 'line 2'],
  ['a long line', line(1, { client: 'x'.repeat(8_000_000) }).slice(0, -1), 'line 2'],
])('refuses %s of a log', async (_, second, message) => {
  const { code, stdout, stderr } = await runLog([line(0), second, line(2)]);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
  expect(stderr.length).toBeLessThan(2_000);
  expect(stderr).not.toMatch(/\n {4}at /);
});
