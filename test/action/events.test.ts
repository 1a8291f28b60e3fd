import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { MALICIOUS } from './artifacts.ts';
import { Repository } from './repository.ts';
import { pullRequest, type Ran, runAction } from './run-action.ts';

const scratch = tempFolder();
const ZEROS = '0'.repeat(40);
let repository: Repository;
let base: string;
let head: string;
let count = 0;

/** The branch `base` holds a clean file, the branch `head` a malicious one beside it. */
beforeEach(() => {
  repository = new Repository(join(scratch, `r${count++}`));
  base = repository.write('README.md', '# models\n').commit('base');
  head = repository.write('new.pkl', MALICIOUS).commit('head');
});

const on = (event: string, payload: unknown, sha = head, inputs: Record<string, string> = {}) =>
  runAction({ repository, event, payload, sha, inputs }, scratch);

function failsWith(ran: Ran, message: RegExp): void {
  expect(ran.stderr).toBe('');
  expect(ran).toMatchObject({ code: 2, summary: '', outputs: { decision: 'error' } });
  expect(ran.annotations).toHaveLength(1);
  expect(ran.annotations[0]).toMatchObject({ level: 'error', title: 'Assay could not complete' });
  expect(ran.annotations[0]?.message).toMatch(message);
}

const repositoryOf = { full_name: 'acme/models', default_branch: 'main' };

describe('push', () => {
  it('compares with the commit before', async () => {
    const push = { before: base, after: head, ref: 'refs/heads/main', repository: repositoryOf };
    expect(await on('push', push)).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    const none = repository.write('README.md', '# more\n').commit('next');
    expect(await on('push', { ...push, before: head, after: none }, none)).toMatchObject({ code: 0 });
  });

  it('judges all files of a new branch and of a force-pushed one', async () => {
    const next = repository.write('README.md', '# more\n').commit('next');
    const push = { before: ZEROS, after: next, ref: 'refs/heads/topic', repository: repositoryOf };
    expect(await on('push', push, next)).toMatchObject({ code: 1 });
    const forced = { ...push, before: 'd'.repeat(40), forced: true };
    expect(await on('push', forced, next)).toMatchObject({ code: 1 });
  });

  it('fails when the commit before is missing or the checkout is another commit', async () => {
    const push = { before: 'd'.repeat(40), after: head, ref: 'refs/heads/main', repository: repositoryOf };
    failsWith(await on('push', push), /commit before the push is not in the checkout.*fetch-depth: 0/);
    failsWith(await on('push', { ...push, before: base, after: base }), /the checkout is not the pushed commits/);
  });

  it('reads the policy of a new branch from the default branch, or fails', async () => {
    const push = { before: ZEROS, after: head, ref: 'refs/heads/topic', repository: repositoryOf };
    failsWith(
      await on('push', push, head, { policy: 'p.yaml' }),
      /read from the default branch, which is not in the checkout/,
    );
    repository.git('update-ref', 'refs/remotes/origin/main', base);
    failsWith(await on('push', push, head, { policy: 'p.yaml' }), /the base commit [0-9a-f]{12} has no file p\.yaml/);
  });
});

describe('merge_group', () => {
  it('compares with the base of the merge group', async () => {
    const group = { merge_group: { base_sha: base, head_sha: head } };
    expect(await on('merge_group', group)).toMatchObject({ code: 1 });
    expect(await on('merge_group', { merge_group: { base_sha: head, head_sha: head } })).toMatchObject({ code: 0 });
    failsWith(await on('merge_group', { merge_group: { base_sha: 'd'.repeat(40), head_sha: head } }), /fetch-depth: 0/);
    failsWith(await on('merge_group', {}), /no usable base_sha/);
  });
});

describe.each(['schedule', 'workflow_dispatch'])('%s', (event) => {
  it('judges the whole repository', async () => {
    const next = repository.write('README.md', '# more\n').commit('next');
    expect(await on(event, {}, next)).toMatchObject({ code: 1 });
    failsWith(await on(event, {}, base), /the checkout is not the commit of the event/);
  });
});

describe('pull_request', () => {
  const clone = (depth: number) => {
    const folder = join(scratch, `shallow${count++}`);
    execFileSync('git', ['clone', '--quiet', `--depth=${depth}`, `file://${repository.folder}`, folder], {
      stdio: 'pipe',
    });
    const shallow = Object.create(Repository.prototype) as Repository;
    Object.assign(shallow, { folder });
    return shallow;
  };

  it('fails on a shallow clone without the base, with one error that states the remedy', async () => {
    const sha = repository.merged(base, head);
    repository.git('branch', '--force', 'main', sha);
    repository.git('checkout', '--quiet', 'main');
    const step = { event: 'pull_request', payload: pullRequest(base, head), sha };
    failsWith(await runAction({ ...step, repository: clone(1) }, scratch), /shallow.*fetch-depth: 0/);
    // The merge commit and its parents suffice.
    expect(await runAction({ ...step, repository: clone(2) }, scratch)).toMatchObject({
      code: 1,
      outputs: { decision: 'deny' },
    });
  });

  it('fails on a partial clone without the files', async () => {
    repository.git('config', 'uploadpack.allowFilter', 'true');
    const folder = join(scratch, `partial${count++}`);
    const from = `file://${repository.folder}`;
    execFileSync('git', ['clone', '--quiet', '--no-checkout', '--filter=blob:none', from, folder], { stdio: 'pipe' });
    const partial = Object.assign(Object.create(Repository.prototype) as Repository, { folder });
    const step = { repository: partial, event: 'pull_request', payload: pullRequest(base, head), sha: '1'.repeat(40) };
    failsWith(await runAction(step, scratch), /does not have all files.*no filter/);
  });

  it('reads a repository with SHA-256 object names', async () => {
    const other = new Repository(join(scratch, `sha256-${count++}`), 'sha256');
    const from = other.write('README.md', '# models\n').commit('base');
    const to = other.write('new.pkl', MALICIOUS).commit('head');
    const sha = other.merged(from, to);
    const step = { repository: other, event: 'pull_request', payload: pullRequest(from, to), sha };
    expect(await runAction(step, scratch)).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });

  it('fails on another checkout, and on an event without its commits', async () => {
    repository.git('checkout', '--quiet', base);
    failsWith(await on('pull_request', pullRequest(base, head)), /neither the pull request nor its merge/);
    failsWith(await on('pull_request', {}), /no usable pull_request\.number/);
    failsWith(await on('pull_request', pullRequest('--upload-pack=x', head)), /no usable sha/);
  });

  it('does not accept a merge commit of the head as that of GitHub', async () => {
    // The first parent of the head's own merge commit is chosen by its author.
    const evil = repository.git('commit-tree', `${head}^{tree}`, '-m', 'policy of mine');
    const fake = repository.git('commit-tree', `${head}^{tree}`, '-p', evil, '-p', head, '-m', 'merge');
    repository.git('checkout', '--quiet', '--detach', fake);
    failsWith(
      await on('pull_request', pullRequest(base, head), '1'.repeat(40)),
      /neither the pull request nor its merge/,
    );
  });
});

describe('pull_request_target', () => {
  it('is refused when the head is checked out', async () => {
    failsWith(
      await on('pull_request_target', pullRequest(base, head), base),
      /runs with secrets, and the checkout is not the base/,
    );
  });

  it('reads the head as data when the base is checked out', async () => {
    repository.git('checkout', '--quiet', base);
    expect(await on('pull_request_target', pullRequest(base, head), base)).toMatchObject({
      code: 1,
      outputs: { decision: 'deny' },
    });
    failsWith(
      await on('pull_request_target', pullRequest(base, 'd'.repeat(40)), base),
      /git fetch origin refs\/pull\/7\/head/,
    );
  });
});

describe('an unsupported event', () => {
  it.each(['issue_comment', 'workflow_run', '', 'pull_request_review'])('fails: "%s"', async (event) => {
    failsWith(await on(event, {}), /does not know the event/);
  });

  it('fails: a run without a repository or an event', async () => {
    const folder = tempFolderWithout();
    const nowhere = Object.create(Repository.prototype) as Repository;
    Object.assign(nowhere, { folder });
    failsWith(
      await runAction({ repository: nowhere, event: 'push', payload: {}, sha: head }, scratch),
      /not a git repository/,
    );
    const env = { GITHUB_EVENT_PATH: join(scratch, 'missing.json') };
    failsWith(await runAction({ repository, event: 'push', payload: {}, sha: head, env }, scratch), /no such file/);
  });
});

function tempFolderWithout(): string {
  const folder = join(scratch, `plain${count++}`);
  execFileSync('mkdir', [folder]);
  return folder;
}
