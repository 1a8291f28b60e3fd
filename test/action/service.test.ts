import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeHub, fakeFile } from '../support/fake-hub.ts';
import { tempFolder } from '../support/temp.ts';
import { CLEAN, UNLISTED } from './artifacts.ts';
import { FakeGitHub } from './fake-github.ts';
import { Repository } from './repository.ts';
import { pullRequest, type Ran, runAction } from './run-action.ts';
import { ServiceGround } from './service-ground.ts';

const NOTHING = `apiVersion: assay.dev/v1
kind: ModelPolicy
metadata: { name: nothing, description: Denies every file. }
spec:
  validations:
    - { id: nothing, expression: 'files.size() == 0', message: no models here }
`;

const scratch = tempFolder();
let service: ServiceGround;
let repository: Repository;
let base: string;
let count = 0;

beforeAll(async () => {
  service = await ServiceGround.start(scratch);
});
afterAll(async () => service.close());

beforeEach(() => {
  repository = new Repository(join(scratch, `r${count++}`));
  base = repository.write('README.md', '# models\n').write('nothing.yaml', NOTHING).commit('base');
});

interface Asked {
  readonly inputs?: Record<string, string>;
  readonly env?: NodeJS.ProcessEnv;
  readonly fork?: boolean;
}

async function onPullRequest({ inputs = {}, env = {}, fork = false }: Asked = {}): Promise<Ran> {
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  const asked = { 'service-url': service.url, 'service-token': service.token('gate'), ...inputs };
  const payload = pullRequest(base, head, { fork });
  const ran = await runAction({ repository, event: 'pull_request', payload, sha, inputs: asked, env }, scratch);
  // The runner is told to mask the token, which is written nowhere else.
  const shown = ran.stdout.replaceAll(`::add-mask::${asked['service-token']}\n`, '');
  if (asked['service-token'] !== '') {
    expect(ran.stdout).toContain(`::add-mask::${asked['service-token']}\n`);
    expect(shown + ran.summary + ran.stderr).not.toContain(asked['service-token']);
  }
  return ran;
}

const rulesOf = ({ annotations }: Ran) => annotations.map(({ title, file }) => [title?.replace('Assay: ', ''), file]);

/** A pickle with bytes that no other test has. */
const clean = (name: string) => Buffer.from(`(dp0\nV${name}\np1\nI1\ns.`);
const unlisted = (name: string) => Buffer.from(`cacme.${name}\nfocal\np0\n.`);

describe('bytes that the service', () => {
  it('quarantined are denied without a finding', async () => {
    const { id } = await service.submit('acme/stolen', { 'model.pkl': clean('stolen') });
    repository.write('models/model.pkl', clean('stolen'));
    expect(await onPullRequest()).toMatchObject({ code: 0, outputs: { decision: 'allow' } });
    repository.git('checkout', '--quiet', 'main');
    await service.quarantine(id, 'made by somebody else');
    repository.write('models/model.pkl', clean('stolen'));
    const ran = await onPullRequest({ inputs: { policy: 'research' } });
    expect(ran.stderr).toBe('');
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(ran)).toEqual([['service.denied', 'models/model.pkl']]);
    expect(ran.annotations[0]?.message).toContain(
      'acme/stolen@1 (quarantined): it is quarantined: made by somebody else',
    );
  });

  it('quarantined as a folder are denied when one file of the folder changes', async () => {
    const files = { 'model.pkl': clean('folder'), 'notes.txt': Buffer.from('notes\n') };
    const { id } = await service.submit('acme/folder', files);
    await service.quarantine(id, 'as a whole');
    base = repository.write('m/bert/notes.txt', 'notes\n').commit('with notes');
    repository.write('m/bert/model.pkl', clean('folder'));
    const ran = await onPullRequest();
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(ran.annotations[0]?.message).toContain('m/bert is denied by');
  });

  it('no longer approves are denied', async () => {
    const { id } = await service.submit('acme/revoked', { 'revoked.pkl': clean('revoked') });
    const approval = await service.approve(id);
    repository.write('revoked.pkl', clean('revoked'));
    expect(await onPullRequest()).toMatchObject({ code: 0 });
    repository.git('checkout', '--quiet', 'main');
    await service.revoke(approval);
    repository.write('revoked.pkl', clean('revoked'));
    const ran = await onPullRequest();
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(ran.annotations[0]?.message).toContain('its approval for staging is not valid');
  });

  it('denies by its own policy are denied, although the policy of the run allows them', async () => {
    await service.submit('acme/odd', { 'odd.pkl': unlisted('odd') });
    repository.write('odd.pkl', unlisted('odd'));
    const ran = await onPullRequest({ inputs: { policy: 'research' } });
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(ran)[0]).toEqual(['service.denied', 'odd.pkl']);
  });

  it('does not know are decided by the run, which says so', async () => {
    repository.write('new.pkl', clean('new'));
    const ran = await onPullRequest();
    expect(ran).toMatchObject({ code: 0, outputs: { decision: 'allow' } });
    expect(rulesOf(ran)).toEqual([['service.unknown', 'new.pkl']]);
    repository.git('checkout', '--quiet', 'main');
    repository.write('new.pkl', UNLISTED);
    expect(await onPullRequest()).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });
});

describe('an artifact that the run denies', () => {
  const denied = { inputs: { policy: 'nothing.yaml' } };

  it('stays denied when the service allows it by its policy alone', async () => {
    await service.submit('acme/plain', { 'plain.pkl': clean('plain') });
    repository.write('plain.pkl', clean('plain'));
    expect(await onPullRequest(denied)).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });

  it('is allowed when people approved exactly these bytes', async () => {
    const { id } = await service.submit('acme/approved', { 'approved.pkl': clean('approved') });
    await service.approve(id);
    repository.write('approved.pkl', clean('approved'));
    expect(await onPullRequest(denied)).toMatchObject({ code: 0, outputs: { decision: 'allow' } });
    repository.git('checkout', '--quiet', 'main');
    repository.write('approved.pkl', clean('approved')).write('other.pkl', clean('other'));
    expect(await onPullRequest(denied)).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    repository.git('checkout', '--quiet', 'main');
    // Only the file was approved, not in combination with the module beside it.
    repository.write('approved.pkl', clean('approved')).write('acme.py', 'x = 1\n');
    expect(await onPullRequest(denied)).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });

  it('is allowed when people waived the finding for exactly these bytes', async () => {
    const { digest } = await service.submit('acme/waived', { 'waived.pkl': unlisted('waived') });
    repository.write('waived.pkl', unlisted('waived'));
    expect(await onPullRequest()).toMatchObject({ code: 1 });
    repository.git('checkout', '--quiet', 'main');
    await service.waive('pickle.global.unlisted', digest);
    repository.write('waived.pkl', unlisted('waived'));
    const ran = await onPullRequest();
    expect(ran).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
  });
});

describe('a referenced model', () => {
  it('is looked up by its digest, and denied on its line', async () => {
    const hub = await FakeHub.start({ token: 'hf_s3cret' });
    try {
      const files = [fakeFile('config.json', '{}'), fakeFile('model.pkl', CLEAN)];
      const commit = hub.repo('acme/far').commit(files);
      const { id } = await service.submit('acme/far', { 'config.json': Buffer.from('{}'), 'model.pkl': CLEAN });
      await service.quarantine(id, 'not ours');
      repository.write('train.py', `x = 1\nAutoModel.from_pretrained("acme/far", revision="${commit}")\n`);
      const ran = await onPullRequest({ env: { HF_ENDPOINT: hub.endpoint } });
      expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
      const told = ran.annotations.find(({ title }) => title === 'Assay: service.denied');
      expect(told).toMatchObject({ level: 'error', file: 'train.py', line: '2' });
    } finally {
      await hub.close();
    }
  });
});

describe('a service that gives no answer', () => {
  const down = { 'service-url': 'http://127.0.0.1:1' };

  it('because it is down fails the step, and denies nothing', async () => {
    repository.write('new.pkl', clean('new'));
    const ran = await onPullRequest({ inputs: down });
    expect(ran).toMatchObject({ code: 2, outputs: { decision: 'incomplete' } });
    expect(rulesOf(ran)).toEqual([['service.unavailable', 'new.pkl']]);
    expect(ran.summary).toContain('## Assay: NOT DECIDED');
  });

  it('because it is down gives a neutral check if the input says so, and hides no denied file', async () => {
    const github = await FakeGitHub.start();
    try {
      const inputs = { ...down, 'on-outage': 'neutral', 'github-token': 'ghs_s3cret' };
      repository.write('new.pkl', clean('new'));
      const ran = await onPullRequest({ inputs, env: { GITHUB_API_URL: github.url } });
      expect(ran).toMatchObject({ code: 0, outputs: { decision: 'incomplete' } });
      expect(github.checks).toMatchObject([{ conclusion: 'neutral' }]);
      repository.git('checkout', '--quiet', 'main');
      repository.write('new.pkl', UNLISTED);
      const denied = await onPullRequest({ inputs, env: { GITHUB_API_URL: github.url } });
      expect(denied).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    } finally {
      await github.close();
    }
  });

  it('is not needed when there is no model', async () => {
    repository.write('README.md', '# more\n');
    expect(await onPullRequest({ inputs: down })).toMatchObject({ code: 0, outputs: { decision: 'allow' } });
  });

  it('because a fork gets no secrets fails the step and states the remedy', async () => {
    repository.write('new.pkl', clean('new'));
    const ran = await onPullRequest({ inputs: { 'service-token': '' }, fork: true });
    expect(ran).toMatchObject({ code: 2, outputs: { decision: 'incomplete' } });
    expect(ran.annotations[0]?.message).toContain('comes from a fork');
    expect(ran.annotations[0]?.message).toContain('merge_group');
    repository.git('checkout', '--quiet', 'main');
    repository.git('reset', '--quiet', '--hard', base);
    repository.write('README.md', '# more\n');
    expect(await onPullRequest({ inputs: { 'service-token': '' }, fork: true })).toMatchObject({ code: 0 });
  });

  it.each([
    ['', 'input service-token: is empty'],
    ['assay_of-somebody-else', 'check the input service-token'],
  ])('because the token is "%s" is an error', async (token, message) => {
    repository.write('new.pkl', clean('new'));
    const ran = await onPullRequest({ inputs: { 'service-token': token } });
    expect(ran).toMatchObject({ code: 2, outputs: { decision: 'error' } });
    expect(ran.annotations).toHaveLength(1);
    expect(ran.annotations[0]?.message).toContain(message);
  });
});
