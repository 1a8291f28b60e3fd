import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { MALICIOUS, UNLISTED } from './artifacts.ts';
import { Repository } from './repository.ts';
import { pullRequest, type Ran, runAction } from './run-action.ts';

const LENIENT = `apiVersion: assay.dev/v1
kind: ModelPolicy
metadata: { name: lenient, description: Allows everything. }
spec:
  validations:
    - { id: nothing, expression: 'true', message: never }
`;
const STRICT = LENIENT.replace("'true'", "'files.size() == 0'").replace('lenient', 'nothing-at-all');
const ALLOW = `allow:
  - { module: acme.losses, name: focal, uses: [import], owner: ml@acme.example, reason: ours, expires: 2099-01-31 }
`;

const scratch = tempFolder();
let repository: Repository;
let count = 0;

beforeEach(() => {
  repository = new Repository(join(scratch, `r${count++}`));
  repository.write('README.md', '# models\n');
});

async function onPullRequest(base: string, inputs: Record<string, string>): Promise<Ran> {
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  return runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha, inputs }, scratch);
}

describe('the policy', () => {
  it('is read from the base, and a change of it is shown', async () => {
    const base = repository.write('.assay/policy.yaml', STRICT).commit('base');
    repository.write('new.pkl', MALICIOUS).write('.assay/policy.yaml', LENIENT);
    const ran = await onPullRequest(base, { policy: '.assay/policy.yaml' });
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(ran.summary).toContain('`nothing-at-all`');
    const told = ran.annotations.find(({ title }) => title === 'Assay: change.rules');
    expect(told).toMatchObject({ level: 'warning', file: '.assay/policy.yaml' });
    expect(told?.message).toContain('edits the policy');
  });

  it('decides as the version of the base says', async () => {
    const base = repository.write('.assay/policy.yaml', LENIENT).commit('base');
    repository.write('new.pkl', MALICIOUS);
    expect(await onPullRequest(base, { policy: '.assay/policy.yaml' })).toMatchObject({
      code: 0,
      outputs: { decision: 'allow' },
    });
  });

  it.each([
    [
      'that the pull request adds',
      { '.assay/policy.yaml': LENIENT },
      '.assay/policy.yaml',
      'has no file .assay/policy.yaml',
    ],
    ['of an unknown name', {}, 'basline', 'no such policy'],
  ])('%s fails the step with one error', async (_, files, policy, message) => {
    const base = repository.commit('base');
    for (const [path, text] of Object.entries(files)) repository.write(path, text);
    const ran = await onPullRequest(base, { policy });
    expect(ran).toMatchObject({ code: 2, outputs: { decision: 'error' }, summary: '' });
    expect(ran.annotations).toHaveLength(1);
    expect(ran.annotations[0]).toMatchObject({ level: 'error', title: 'Assay could not complete' });
    expect(ran.annotations[0]?.message).toContain(message);
  });

  it('that is invalid or a link fails the step', async () => {
    repository.write('bad.yaml', 'apiVersion: assay.dev/v1\nkind: Nothing\n');
    repository.git('add', '.');
    const oid = repository.git('hash-object', '-w', 'README.md');
    repository.git('update-index', '--add', '--cacheinfo', `120000,${oid},link.yaml`);
    repository.git('commit', '--quiet', '-m', 'base');
    const base = repository.git('rev-parse', 'HEAD');
    repository.git('reset', '--quiet', '--hard');
    const step = { repository, event: 'pull_request', payload: pullRequest(base, base), sha: base };
    const bad = await runAction({ ...step, inputs: { policy: 'bad.yaml' } }, scratch);
    expect(bad.code).toBe(2);
    expect(bad.annotations[0]?.message).toMatch(/^bad\.yaml:1:1: a policy lacks metadata/);
    const link = await runAction({ ...step, inputs: { policy: 'link.yaml' } }, scratch);
    expect(link.code).toBe(2);
    expect(link.annotations[0]?.message).toContain('has no file link.yaml');
  });
});

describe('allowances and waivers', () => {
  it('of the base are applied', async () => {
    const base = repository.write('.assay/allow.yaml', ALLOW).commit('base');
    repository.write('new.pkl', UNLISTED);
    expect(await onPullRequest(base, { allow: '.assay/allow.yaml' })).toMatchObject({ code: 0 });
  });

  it('of the head are ignored', async () => {
    const base = repository.write('.assay/allow.yaml', 'allow: []\n').commit('base');
    repository.write('new.pkl', UNLISTED).write('.assay/allow.yaml', ALLOW);
    const ran = await onPullRequest(base, { allow: '.assay/allow.yaml' });
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(ran.annotations.map(({ title }) => title)).toContain('Assay: change.rules');
  });

  it('bind to the digest that the step outputs', async () => {
    const first = repository.commit('base');
    repository.write('new.pkl', UNLISTED);
    const denied = await onPullRequest(first, {});
    expect(denied.code).toBe(1);
    repository.git('checkout', '--quiet', 'main');
    repository.git('reset', '--quiet', '--hard', first);
    const waiver = (digest: string) =>
      `version: 1\nwaivers:\n  - { rule: pickle.global.unlisted, digest: "${digest}", reason: ours, owner: ml, expires: 2099-01-31 }\n`;
    const base = repository.write('.assay/waivers.yaml', waiver(denied.outputs.digest ?? '')).commit('waive');
    repository.write('new.pkl', UNLISTED);
    expect(await onPullRequest(base, { waivers: '.assay/waivers.yaml' })).toMatchObject({ code: 0 });
    repository.git('checkout', '--quiet', 'main');
    repository.git('reset', '--quiet', '--hard', first);
    const other = repository.write('.assay/waivers.yaml', waiver(`sha256:${'0'.repeat(64)}`)).commit('waive another');
    repository.write('new.pkl', UNLISTED);
    expect(await onPullRequest(other, { waivers: '.assay/waivers.yaml' })).toMatchObject({ code: 1 });
  });
});
