import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decideBy, NO_GIVEN_EVIDENCE } from '../../src/pipeline/evaluate/index.ts';
import { loadPolicy } from '../../src/policy/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { conformanceCases, decisionText } from '../conformance/cases.ts';
import { tempFolder } from '../support/temp.ts';
import { CLEAN, MALICIOUS, UNLISTED } from './artifacts.ts';
import { Repository } from './repository.ts';
import { pullRequest, runAction } from './run-action.ts';

const scratch = tempFolder();

describe.each(conformanceCases())('$name: $about', ({ assessment, policy, waivers, environment, expected }) => {
  it('is decided as expected by the code of the Action and the command line', async () => {
    const given = waivers.length === 0 ? NO_GIVEN_EVIDENCE : { ...NO_GIVEN_EVIDENCE, waivers };
    const terms = { policy: await loadPolicy(policy), failOn: undefined, given, environment, now: new Date() };
    const { decision } = await decideBy(assessment, terms);
    expect(decisionText(decision)).toBe(readFileSync(expected, 'utf8'));
  });
});

interface Report {
  readonly files: readonly { readonly path: string }[];
}

describe.each([
  ['baseline', {}],
  ['strict', {}],
  ['research', {}],
  ['baseline', { failOn: 'low' }],
] as const)('the bundle under %s %j', (policy, { failOn }: { readonly failOn?: string }) => {
  it('gives the same decision, findings and digests as the command line', async () => {
    const repository = new Repository(join(scratch, `${policy}${failOn ?? ''}`));
    const base = repository.write('README.md', '# models\n').commit('base');
    for (const [name, bytes] of [
      ['a.pkl', MALICIOUS],
      ['b.pkl', UNLISTED],
      ['c.pkl', CLEAN],
    ] as const)
      repository.write(`m/${name}`, bytes);
    const head = repository.commit('head');
    const sha = repository.merged(base, head);
    const inputs = { policy, report: 'out.jsonl', ...(failOn === undefined ? {} : { 'fail-on': failOn }) };
    const ran = await runAction(
      { repository, event: 'pull_request', payload: pullRequest(base, head), sha, inputs },
      scratch,
    );
    const [line = ''] = readFileSync(join(repository.folder, 'out.jsonl'), 'utf8').split('\n');
    const flags = failOn === undefined ? [] : ['--fail-on', failOn];
    const cli = await runCli([
      'scan',
      join(repository.folder, 'm'),
      '--policy',
      policy,
      '--format',
      'json',
      '--ruleset',
      'builtin',
      ...flags,
    ]);
    writeFileSync(join(scratch, 'cli.json'), cli.stdout);
    const [own, other] = [JSON.parse(line), JSON.parse(cli.stdout)];
    // The Action names files relative to the repository root; fingerprints contain the path.
    const renamed = (report: Report) => report.files.map((file) => ({ ...file, path: file.path.replace(/^m\//, '') }));
    expect(JSON.stringify(renamed(own))).toBe(JSON.stringify(renamed(other)));
    const bare = (report: { decision: { violations: { findings: unknown }[]; rules: { findings: unknown }[] } }) => ({
      ...report.decision,
      violations: report.decision.violations.map((one) => ({ ...one, findings: [] })),
      rules: report.decision.rules.map((one) => ({ ...one, findings: [] })),
    });
    expect(JSON.stringify(bare(own))).toBe(JSON.stringify(bare(other)));
    expect(own.ruleset).toEqual(other.ruleset);
    expect(ran.code).toBe(cli.code);
  });
});
