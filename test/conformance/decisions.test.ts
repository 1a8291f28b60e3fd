import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decide, loadPolicy } from '../../src/policy/index.ts';
import { decisionReport, jsonText, renderJson } from '../../src/report/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { CONTEXT } from '../report/sample.ts';
import { tempFolder } from '../support/temp.ts';
import { conformanceCases, decisionText } from './cases.ts';

const cases = conformanceCases();
const folder = tempFolder();

describe.each(cases)('$name: $about', ({ name, assessment, policy, waivers, environment, expected }) => {
  it('through the library', async () => {
    const decision = decide(assessment, { policy: await loadPolicy(policy), waivers, environment });
    await expect(decisionText(decision)).toMatchFileSnapshot(expected);
  });

  it('through the command line, from a report', async () => {
    const compiled = await loadPolicy(policy);
    const decision = decide(assessment, { policy: compiled, waivers, environment });
    const report = join(folder, `${name}.json`);
    writeFileSync(report, renderJson({ assessment, decision }, CONTEXT));
    const { stage, labels = {} } = environment;
    const place = [
      ...(stage === undefined ? [] : ['--stage', stage]),
      ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
    ];
    const ran = await runCli([
      'policy',
      'explain',
      '--report',
      report,
      '--policy',
      policy,
      '--format',
      'json',
      ...place,
    ]);
    expect(ran.stderr).toBe('');
    const explained = JSON.parse(ran.stdout);
    expect(`${jsonText(explained.decision, 2)}\n`).toBe(readFileSync(expected, 'utf8'));
    expect(ran.code).toBe(decision.action === 'deny' ? 1 : 0);
  });
});

it('compares whole decisions', () => {
  expect(cases.length).toBeGreaterThanOrEqual(9);
  const [first] = cases;
  if (first === undefined) throw new Error('there are no cases');
  const decision = decide(first.assessment, { policy: 'baseline' });
  expect(Object.keys(decisionReport(decision)).sort()).toEqual(Object.keys(decision).sort());
});
