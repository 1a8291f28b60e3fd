import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/core/assessment/decision.ts';
import { decide, loadPolicy } from '../../src/policy/index.ts';
import { decisionReport, jsonText, renderJson } from '../../src/report/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { CONTEXT } from '../report/sample.ts';
import { OPERATOR, type TestService, testService } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';
import { conformanceCases, decisionText } from './cases.ts';

const cases = conformanceCases();
const folder = tempFolder();

describe.each(cases)('$name: $about', ({ name, assessment, policy, waivers, environment, expected }) => {
  it('the library gives the expected decision', async () => {
    const decision = decide(assessment, { policy: await loadPolicy(policy), waivers, environment });
    await expect(decisionText(decision)).toMatchFileSnapshot(expected);
  });

  it('the command line gives the expected decision for a report', async () => {
    const compiled = await loadPolicy(policy);
    const decision = decide(assessment, { policy: compiled, waivers, environment });
    const report = join(folder, `${name}.json`);
    writeFileSync(report, renderJson({ assessment, decision }, CONTEXT));
    const { stage, labels = {}, suite } = environment;
    const place = [
      ...(stage === undefined ? [] : ['--stage', stage]),
      ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
      ...(suite == null ? [] : ['--require-suite', suite.digest]),
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

/** A service decides for its stages, with its own waivers and without labels: the library gets the same input. */
describe.each(cases)('$name: $about', ({ name, assessment, policy, environment }) => {
  const { suite = null } = environment;
  let service: TestService | undefined;
  beforeAll(async () => {
    const rules = join(folder, `${name}.rules.yaml`);
    const stage = `{ policy: ${JSON.stringify(policy)} }`;
    const asked =
      suite === null ? '' : `suites: [{ model: acme/${name}, name: ${suite.name}, digest: "${suite.digest}" }]\n`;
    writeFileSync(
      rules,
      `version: 1\nstages: { candidate: ${stage}, staging: ${stage}, production: ${stage} }\n${asked}`,
    );
    service = await testService(join(folder, name), { config: { rules } });
  });
  afterAll(async () => service?.close());

  it('the service gives the decision of the library for the registered assessment', async () => {
    if (service === undefined) throw new Error('the service did not start');
    const { version } = await service.registry.register(OPERATOR, { model: `acme/${name}`, assessment });
    const authorization = `Bearer ${await service.token(['viewer'])}`;
    const answer = await service.app.inject({
      url: `/v1/versions/${version.id}/decisions`,
      headers: { authorization },
    });
    expect(answer.statusCode).toBe(200);
    const { items } = answer.json<{ items: { stage: string; decision: Decision }[] }>();
    expect(items.map(({ stage }) => stage).sort()).toEqual(['candidate', 'production', 'staging']);
    const compiled = await loadPolicy(policy);
    for (const { stage, decision } of items) {
      const own = decide(assessment, {
        policy: compiled,
        environment: { stage, suite },
      });
      expect(decisionText(decision), stage).toBe(decisionText(own));
    }
  });
});

it('the conformance cases compare whole decisions', () => {
  expect(cases.length).toBeGreaterThanOrEqual(9);
  const [first] = cases;
  if (first === undefined) throw new Error('there are no cases');
  const decision = decide(first.assessment, { policy: 'baseline' });
  expect(Object.keys(decisionReport(decision)).sort()).toEqual(Object.keys(decision).sort());
});
