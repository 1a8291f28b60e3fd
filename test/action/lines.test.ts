import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { knownWords } from '../../src/pipeline/rules/index.ts';
import { lintPolicy, policyOf } from '../../src/policy/index.ts';
import { tempFolder } from '../support/temp.ts';
import { Repository } from './repository.ts';
import { pullRequest, type Ran, runAction } from './run-action.ts';

const policy = (expression: string) => `apiVersion: assay.dev/v1
kind: ModelPolicy
metadata: { name: lines, description: What lines may say. }
spec:
  validations:
    - { id: lines, expression: "${expression}", message: a line is against it }
`;
const HUB_CODE = 'torch.hub.load("acme/code", "m")\n';
const STORE = 'x = 1\nurl = "gs://bucket/model.pt"\n';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

const scratch = tempFolder();
let repository: Repository;
let count = 0;

beforeEach(() => {
  repository = new Repository(join(scratch, `r${count++}`));
  repository.write('README.md', '# models\n');
});

async function onPullRequest(base: string, inputs: Record<string, string> = {}): Promise<Ran> {
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  return runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha, inputs }, scratch);
}

/** Restores the state from which a checkout of another branch begins. */
function startOver(base: string): void {
  repository.git('checkout', '--quiet', 'main');
  repository.git('reset', '--quiet', '--hard', base);
}

const rulesOf = ({ annotations }: Ran) =>
  annotations.map(({ title, file, line }) => [title?.replace('Assay: ', ''), `${file}:${line}`]);

/** The digest that waivers of the change name, as in the report and the output. */
function changeDigest(ran: Ran): string {
  const lines = readFileSync(join(repository.folder, 'out.jsonl'), 'utf8').trim().split('\n');
  const { artifact } = JSON.parse(lines.at(-1) ?? '') as { artifact: { ref: string; digest: string } };
  expect(artifact.ref).toBe('change');
  expect(ran.outputs['change-digest']).toBe(artifact.digest);
  return artifact.digest;
}

describe('a reference in a line', () => {
  it('to an unsupported store is reported on the line with the remedy, and only warned of by default', async () => {
    const base = repository.commit('base');
    repository.write('load.py', STORE);
    repository.write('run.sh', 'ollama pull llama3\n');
    const ran = await onPullRequest(base);
    expect(ran.stderr).toBe('');
    expect(ran).toMatchObject({ code: 0, outputs: { decision: 'warn' } });
    expect(rulesOf(ran)).toEqual([
      ['reference.unsupported', 'load.py:2'],
      ['reference.unsupported', 'run.sh:1'],
    ]);
    expect(ran.annotations[0]?.message).toContain('assay scan FOLDER');
    expect(ran.annotations[1]?.message).toContain('GGUF');
    startOver(base);
    repository.write('load.py', STORE);
    expect(await onPullRequest(base, { policy: 'strict' })).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });

  it('to code of another repository is denied at a branch, and warned of at a commit', async () => {
    const base = repository.commit('base');
    repository.write('load.py', HUB_CODE);
    const branch = await onPullRequest(base);
    expect(branch).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(branch)).toEqual([['reference.unpinned-code', 'load.py:1']]);
    expect(branch.annotations[0]?.message).toContain('hubconf.py of acme/code at its default branch');
    startOver(base);
    repository.write('load.py', HUB_CODE.replace('acme/code', `acme/code:${COMMIT}`));
    const pinned = await onPullRequest(base);
    expect(pinned).toMatchObject({ code: 0, outputs: { decision: 'warn' } });
    expect(rulesOf(pinned)).toEqual([['reference.remote-code', 'load.py:1']]);
  });
});

describe('a policy', () => {
  it('decides on lines by their rule id, which the linter knows', async () => {
    const text = policy("!findings.exists(f, f.ruleId == 'reference.unsupported')");
    const lint = lintPolicy(policyOf(Buffer.from(text), 'p.yaml'), knownWords());
    expect(lint).toEqual({ warnings: [], notes: [] });
    const base = repository.write('.assay/policy.yaml', text).commit('base');
    repository.write('load.py', STORE);
    const ran = await onPullRequest(base, { policy: '.assay/policy.yaml', report: 'out.jsonl' });
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    const [last = ''] = readFileSync(join(repository.folder, 'out.jsonl'), 'utf8').trim().split('\n').slice(-1);
    expect(JSON.parse(last)).toMatchObject({
      artifact: { ref: 'change' },
      files: [{ path: 'load.py', format: 'python', verdict: 'not-assessed', digestBasis: 'computed' }],
      decision: { action: 'deny', violations: [{ rule: 'lines', message: 'a line is against it' }] },
    });
  });

  it('can allow lines, which fail-on still denies', async () => {
    const base = repository.write('.assay/policy.yaml', policy('true')).commit('base');
    repository.write('load.py', HUB_CODE);
    const inputs = { policy: '.assay/policy.yaml' };
    expect(await onPullRequest(base, inputs)).toMatchObject({ code: 0, outputs: { decision: 'allow' } });
    startOver(base);
    repository.write('load.py', HUB_CODE);
    expect(await onPullRequest(base, { ...inputs, 'fail-on': 'high' })).toMatchObject({ code: 1 });
  });
});

describe('a waiver', () => {
  const waivers = (digest: string, rule = 'reference.unpinned-code', expires = '2099-01-31') =>
    `version: 1\nwaivers:\n  - { rule: ${rule}, digest: "${digest}", file: load.py, reason: ours, owner: ml, expires: ${expires} }\n`;
  const inputs = { waivers: '.assay/waivers.yaml', report: 'out.jsonl' };
  let first: string;

  const waived = async (text: string, code = HUB_CODE) => {
    startOver(first);
    const base = repository.write('.assay/waivers.yaml', text).commit('waive');
    repository.write('load.py', code);
    return onPullRequest(base, inputs);
  };

  beforeEach(() => {
    first = repository.write('.assay/waivers.yaml', 'version: 1\nwaivers: []\n').commit('base');
  });

  it('allows a line in exactly its file, until it expires', async () => {
    repository.write('load.py', HUB_CODE);
    const denied = await onPullRequest(first, inputs);
    expect(denied.code).toBe(1);
    const digest = changeDigest(denied);
    const sha256 = createHash('sha256').update(HUB_CODE).digest();
    const tree = createHash('sha256').update(`7:load.py${HUB_CODE.length}:`).update(sha256).digest('hex');
    expect(digest).toBe(`sha256:${tree}`);
    const passed = await waived(waivers(digest));
    expect(passed).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
    expect(await waived(waivers(digest), `${HUB_CODE}# changed\n`)).toMatchObject({ code: 1 });
    expect(await waived(waivers(digest, 'reference.unpinned-code', '2001-01-31'))).toMatchObject({ code: 1 });
    expect(await waived(waivers(digest, 'reference.unpinned'))).toMatchObject({ code: 1 });
  });

  it('of the head is not read', async () => {
    repository.write('load.py', HUB_CODE);
    const digest = changeDigest(await onPullRequest(first, inputs));
    startOver(first);
    repository.write('load.py', HUB_CODE).write('.assay/waivers.yaml', waivers(digest));
    const ran = await onPullRequest(first, inputs);
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
    expect(rulesOf(ran).map(([rule]) => rule)).toContain('change.rules');
  });
});
