import { readSmallFile } from '../../src/core/bytes/index.ts';
import { AssayError, parseBoundedJson } from '../../src/core/index.ts';
import { type Git, isNoObject, isObjectId } from './git/index.ts';

/** Which commits a run looks at, by the event that started it. */
export interface Comparison {
  readonly event: string;
  /** What is judged. */
  readonly head: string;
  /** What it is compared with; `undefined`: all of `head` is judged. */
  readonly base: string | undefined;
  /** Where policy, allowances and waivers are read: never from what is judged, where somebody else may write it. */
  readonly rules: string | undefined;
  /** For people. */
  readonly about: string;
  /** Of a pull request. */
  readonly pullRequest: { readonly number: number; readonly fork: boolean } | undefined;
}

/** The payload of an event is at most 25 MB. */
const MAX_EVENT = 32 * 1024 * 1024;
const DEEPER = 'give actions/checkout fetch-depth: 0';

/**
 * Reads the event, and finds its commits in the checkout.
 * @throws AssayError `usage` for an event that is not known, and for a checkout that does not hold what the event is about
 */
export async function comparisonOf(env: NodeJS.ProcessEnv, git: Git): Promise<Comparison> {
  const event = env.GITHUB_EVENT_NAME ?? '';
  const payload = await readEvent(env.GITHUB_EVENT_PATH ?? '');
  const checkout = await git.text(['rev-parse', '--verify', '--end-of-options', 'HEAD^{commit}']);
  const context: Context = { event, payload, checkout, sha: env.GITHUB_SHA ?? '', git };
  switch (event) {
    case 'pull_request':
      return ofPullRequest(context);
    case 'pull_request_target':
      return ofPullRequestTarget(context);
    case 'merge_group':
      return ofMergeGroup(context);
    case 'push':
      return ofPush(context);
    case 'schedule':
    case 'workflow_dispatch':
      return ofTree(context);
    default:
      throw new AssayError('usage', `does not know the event "${event}"`, {
        hint: 'run it on pull_request, merge_group, push, schedule or workflow_dispatch',
      });
  }
}

interface Context {
  readonly event: string;
  readonly payload: unknown;
  readonly checkout: string;
  readonly sha: string;
  readonly git: Git;
}

async function readEvent(path: string): Promise<unknown> {
  if (path === '')
    throw new AssayError('usage', 'is not set: run this as a step of GitHub Actions', {
      subject: 'GITHUB_EVENT_PATH',
    });
  const { bytes } = await readSmallFile(path, 'GITHUB_EVENT_PATH', MAX_EVENT);
  return parseBoundedJson(bytes, 'the event', { maxBytes: MAX_EVENT, maxDepth: 64, maxTokens: 2_000_000 });
}

async function ofPullRequest({ event, payload, checkout, sha, git }: Context): Promise<Comparison> {
  const { number, fork, base, head } = pullRequestOf(payload);
  const parents = await parentsOf(git, checkout);
  const [first, second] = parents;
  // What GitHub made to test the pull request: its first parent is the tip of the base branch.
  if (checkout === sha && parents.length === 2 && second === head && first !== undefined) {
    await mustHave(git, first, 'the base of the pull request');
    return {
      event,
      head: checkout,
      base: first,
      rules: first,
      about: `pull request #${number}`,
      pullRequest: { number, fork },
    };
  }
  if (checkout !== head && checkout !== sha) {
    throw new AssayError('usage', 'the checkout is neither the pull request nor its merge', {
      hint: 'use actions/checkout without ref, or with the head of the pull request',
    });
  }
  await mustHave(git, base, 'the base of the pull request');
  const left = await mergeBase(git, base, checkout);
  return {
    event,
    head: checkout,
    base: left,
    rules: base,
    about: `pull request #${number}`,
    pullRequest: { number, fork },
  };
}

/** The workflow runs with secrets: only what is already in the base may be in the checkout, and the head is read as data. */
async function ofPullRequestTarget({ event, payload, checkout, sha, git }: Context): Promise<Comparison> {
  const { number, fork, base, head } = pullRequestOf(payload);
  if (checkout !== base && checkout !== sha) {
    throw new AssayError('refused', 'pull_request_target runs with secrets, and the checkout is not the base', {
      hint: 'use the event pull_request, or check out the base and fetch the head with git fetch alone',
    });
  }
  if (!(await git.hasCommit(head))) {
    throw new AssayError('usage', 'the head of the pull request is not in the checkout', {
      hint: `fetch it, and leave the checkout as it is: git fetch origin refs/pull/${number}/head`,
    });
  }
  const from = await mergeBase(git, checkout, head);
  return { event, head, base: from, rules: checkout, about: `pull request #${number}`, pullRequest: { number, fork } };
}

async function ofMergeGroup({ event, payload, checkout, git }: Context): Promise<Comparison> {
  const group = field(payload, 'merge_group');
  const base = commitOf(group, 'base_sha');
  const head = commitOf(group, 'head_sha');
  mustBe(checkout, head, 'the merge group');
  await mustHave(git, base, 'the base of the merge group');
  return { event, head, base, rules: base, about: 'a merge group', pullRequest: undefined };
}

async function ofPush({ event, payload, checkout, git }: Context): Promise<Comparison> {
  const before = text(payload, 'before');
  const after = commitOf(payload, 'after');
  mustBe(checkout, after, 'the pushed commits');
  const known = isObjectId(before) && !isNoObject(before) && (await git.hasCommit(before));
  if (known) return { event, head: after, base: before, rules: before, about: 'a push', pullRequest: undefined };
  const rewritten = field(payload, 'forced') === true;
  if (!isNoObject(before) && !rewritten) {
    throw new AssayError('usage', 'the commit before the push is not in the checkout', { hint: DEEPER });
  }
  const rules = await defaultBranch(payload, after, git);
  return {
    event,
    head: after,
    base: undefined,
    rules,
    about: `${rewritten ? 'a rewritten' : 'a new'} branch`,
    pullRequest: undefined,
  };
}

/** The commit of the default branch, as far as the checkout knows it. */
async function defaultBranch(payload: unknown, pushed: string, git: Git): Promise<string | undefined> {
  const name = text(field(payload, 'repository'), 'default_branch');
  if (text(payload, 'ref') === `refs/heads/${name}`) return pushed;
  const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/remotes/origin/${name}^{commit}`];
  const { bytes, status } = await git.ask(asked, { allow: [1, 128] });
  const commit = bytes.toString('utf8').trim();
  return status === 0 && isObjectId(commit) ? commit : undefined;
}

async function ofTree({ event, checkout, sha, git }: Context): Promise<Comparison> {
  mustBe(checkout, sha, 'the commit of the event');
  await mustHave(git, checkout, 'the commit of the event');
  return {
    event,
    head: checkout,
    base: undefined,
    rules: checkout,
    about: 'the whole repository',
    pullRequest: undefined,
  };
}

function pullRequestOf(payload: unknown) {
  const pull = field(payload, 'pull_request');
  const number = field(pull, 'number');
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw malformed('pull_request.number');
  const repository = (side: unknown) => text(field(side, 'repo'), 'full_name');
  const [base, head] = [field(pull, 'base'), field(pull, 'head')];
  return {
    number,
    fork: repository(base) !== repository(head),
    base: commitOf(base, 'sha'),
    head: commitOf(head, 'sha'),
  };
}

/** Parents as the commit itself names them, also where a shallow clone ends. */
async function parentsOf(git: Git, commit: string): Promise<readonly string[]> {
  const raw = await git.text(['cat-file', 'commit', commit]);
  const [head = ''] = raw.split('\n\n');
  return head.split('\n').flatMap((line) => /^parent ([0-9a-f]+)$/.exec(line)?.[1] ?? []);
}

async function mergeBase(git: Git, base: string, head: string): Promise<string> {
  const { bytes, status } = await git.ask(['merge-base', base, head], { allow: [1, 128] });
  const found = bytes.toString('utf8').trim();
  if (status === 0 && isObjectId(found)) return found;
  throw new AssayError('usage', 'the checkout does not contain the merge base of the pull request', { hint: DEEPER });
}

async function mustHave(git: Git, commit: string, what: string): Promise<void> {
  if (await git.hasCommit(commit)) return;
  throw new AssayError('usage', `${what} is not in the checkout: it is shallow`, { subject: commit, hint: DEEPER });
}

function mustBe(checkout: string, commit: string, what: string): void {
  if (checkout === commit) return;
  throw new AssayError('usage', `the checkout is not ${what}`, {
    subject: checkout,
    hint: 'use actions/checkout without ref',
  });
}

function field(from: unknown, name: string): unknown {
  return typeof from === 'object' && from !== null && Object.hasOwn(from, name)
    ? (from as Record<string, unknown>)[name]
    : undefined;
}

function text(from: unknown, name: string): string {
  const value = field(from, name);
  return typeof value === 'string' ? value : '';
}

function commitOf(from: unknown, name: string): string {
  const commit = text(from, name);
  if (!isObjectId(commit) || isNoObject(commit)) throw malformed(name);
  return commit;
}

function malformed(name: string): AssayError {
  return new AssayError('usage', `the event has no usable ${name}`, { subject: 'GITHUB_EVENT_PATH' });
}
