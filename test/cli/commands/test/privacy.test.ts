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
