import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { CLEAN, lfsPointer, MALICIOUS, MALICIOUS_TOO, sha256, UNLISTED } from './artifacts.ts';
import { Repository } from './repository.ts';
import { HOW_NODE24, hasNode24, NODE24, pullRequest, type Ran, runAction } from './run-action.ts';

/** A bundle as `assay sign` writes it, of nobody who is known. */
const SIGNED = JSON.stringify({
  mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  verificationMaterial: { publicKey: { hint: 'ab'.repeat(32) }, tlogEntries: [] },
  dsseEnvelope: { payload: 'e30=', payloadType: 'application/vnd.in-toto+json', signatures: [{ sig: 'AAAA' }] },
});

const scratch = tempFolder();
let repository: Repository;
let base: string;
let count = 0;

beforeEach(() => {
  repository = new Repository(join(scratch, `r${count++}`));
  base = repository
    .write('README.md', '# models\n')
    .write('old.pkl', MALICIOUS)
    .write('train.py', 'x = 1\n')
    .commit('base');
});

/** Runs the step for a pull request with the current content of the repository. */
async function onPullRequest(inputs: Record<string, string> = {}, node?: string): Promise<Ran> {
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  const step = { repository, event: 'pull_request', payload: pullRequest(base, head), sha, inputs };
  return runAction(node === undefined ? step : { ...step, node }, scratch);
}

function judges(node?: string) {
  it('the Action denies a new malicious file and reports it in every output', async () => {
    repository.write('models/new.pkl', MALICIOUS);
    const ran = await onPullRequest({ 'sarif-file': 'out/assay.sarif', report: 'out/assay.jsonl' }, node);
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(1);
    expect(ran.annotations).toEqual([
      {
        level: 'error',
        file: 'models/new.pkl',
        line: undefined,
        title: 'Assay: pickle.global.dangerous',
        message: 'models/new.pkl, byte 0: calls posix.system("true")',
      },
    ]);
    expect(ran.outputs).toMatchObject({ decision: 'deny', 'findings-count': '1', 'sarif-file': 'out/assay.sarif' });
    expect(ran.outputs.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(ran.summary).toContain('## Assay: DENY');
    expect(ran.summary).toContain('`models/new.pkl`');
  });

  it('the Action looks at no signature, whatever lies there as one', async () => {
    for (const [folder, signature] of [
      ['empty', ''],
      ['none', 'x'],
      ['bundle', SIGNED],
    ]) {
      repository
        .write(`models/${folder}/a.pkl`, CLEAN)
        .write(`models/${folder}/model.sig`, `${signature}`)
        .write(`models/${folder}/.gitattributes`, '*.pkl filter=lfs\n');
    }
    const ran = await onPullRequest({}, node);
    expect(ran).toMatchObject({ code: 0, stderr: '', outputs: { decision: 'allow' } });
    expect(ran.stdout).not.toContain('is not part of the GitHub Action');
  });

  it('the Action allows a change without a model, and judges no unchanged file', async () => {
    repository.write('README.md', '# more\n');
    const ran = await onPullRequest({}, node);
    expect(ran).toMatchObject({
      code: 0,
      stderr: '',
      annotations: [],
      outputs: { decision: 'allow', 'findings-count': '0' },
    });
    expect(ran.summary).toContain('It contains no models.');
  });
}

describe('the bundle on Node 20', () => judges());
requirePart('Node 24', hasNode24, HOW_NODE24, 'the bundle on Node 24', () => judges(NODE24));

describe('a pull request', () => {
  it('judges a renamed file as a new one, and no deleted file', async () => {
    repository.git('mv', 'old.pkl', 'moved.pkl');
    const moved = await onPullRequest();
    expect(moved.code).toBe(1);
    expect(moved.annotations.map(({ file }) => file)).toEqual(['moved.pkl']);
    repository.git('checkout', '--quiet', 'main');
    repository.git('reset', '--quiet', '--hard', base);
    repository.remove('old.pkl');
    const gone = await onPullRequest();
    expect(gone).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
    expect(gone.summary).toContain('1 deleted');
  });

  it('judges a model under any name, and unknown bytes under the name of a model', async () => {
    repository.write('notes.txt', MALICIOUS).write('weights.bin', 'x'.repeat(40) + '\0\x01\x02');
    const ran = await onPullRequest();
    expect(ran.code).toBe(1);
    expect(new Set(ran.annotations.map(({ file }) => file))).toEqual(new Set(['notes.txt', 'weights.bin']));
  });

  it('judges configuration files beside a model, and none elsewhere', async () => {
    base = repository.write('m/model.safetensors', '').commit('with a model');
    const evil = 'x: !apply:os.system ["true"]\n';
    repository.write('m/other.yaml', evil).write('hparams.yaml', evil).write('ci/job.yaml', evil);
    const ran = await onPullRequest();
    expect(ran.code).toBe(1);
    expect(new Set(ran.annotations.map(({ file }) => file))).toEqual(new Set(['m/other.yaml', 'hparams.yaml']));
  });

  it('reads the commit, not the workspace', async () => {
    repository.write('new.pkl', MALICIOUS);
    const head = repository.commit('head');
    const sha = repository.merged(base, head);
    repository.write('new.pkl', CLEAN);
    const ran = await runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha }, scratch);
    expect(ran.code).toBe(1);
  });

  it('checks only the given path', async () => {
    repository.write('a/new.pkl', MALICIOUS).write('b/new.pkl', CLEAN);
    expect((await onPullRequest({ path: 'b' })).code).toBe(0);
    repository.git('checkout', '--quiet', 'main');
    expect((await onPullRequest({ path: 'b\na' })).code).toBe(1);
  });

  it('judges the head of the pull request as well as its merge commit', async () => {
    repository.write('new.pkl', MALICIOUS);
    const head = repository.commit('head');
    const ran = await runAction(
      { repository, event: 'pull_request', payload: pullRequest(base, head), sha: '1'.repeat(40) },
      scratch,
    );
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });

  it('reports links, submodules, attributes and data of DVC', async () => {
    repository.git('update-index', '--add', '--cacheinfo', `160000,${'c'.repeat(40)},vendor/model`);
    const link = repository.git('hash-object', '-w', 'README.md');
    repository.git('update-index', '--add', '--cacheinfo', `120000,${link},linked.pt`);
    repository.write('.gitattributes', '*.pt filter=lfs\n');
    repository.write('model.pt.dvc', `outs:\n- md5: ${'a'.repeat(32)}\n  size: 4\n  hash: md5\n  path: model.pt\n`);
    repository.git('add', '.gitattributes', 'model.pt.dvc');
    repository.git('commit', '--quiet', '-m', 'head');
    const head = repository.git('rev-parse', 'HEAD');
    const tree = repository.git('rev-parse', `${head}^{tree}`);
    const sha = repository.git('commit-tree', tree, '-p', base, '-p', head, '-m', 'merge');
    repository.git('update-ref', '--no-deref', 'HEAD', sha);
    const ran = await runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha }, scratch);
    expect(ran.annotations.find(({ file }) => file === 'model.pt.dvc')?.line).toBe('2');
    expect(ran.annotations.map(({ title, file, level }) => [title?.replace('Assay: ', ''), file, level])).toEqual([
      ['change.submodule', 'vendor/model', 'error'],
      ['change.dvc', 'model.pt.dvc', 'error'],
      ['change.link', 'linked.pt', 'warning'],
      ['change.attributes', '.gitattributes', 'notice'],
    ]);
    expect(ran).toMatchObject({ code: 1, outputs: { decision: 'deny' } });
  });
});

describe('a Git LFS pointer', () => {
  const store = (content: Uint8Array, stored = content) => {
    const oid = sha256(content);
    const path = join(repository.folder, '.git', 'lfs', 'objects', oid.slice(0, 2), oid.slice(2, 4), oid);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, stored);
  };

  it('is denied when its content is missing', async () => {
    repository.write('model.pt', lfsPointer(MALICIOUS));
    const ran = await onPullRequest();
    expect(ran.code).toBe(1);
    expect(ran.annotations[0]).toMatchObject({ level: 'error', file: 'model.pt' });
    expect(ran.annotations[0]?.message).toContain('git lfs pull');
  });

  it('is judged by its content in the store or in the workspace', async () => {
    repository.write('model.pkl', lfsPointer(MALICIOUS));
    store(MALICIOUS);
    const ran = await onPullRequest();
    expect(ran.annotations[0]?.message).toContain('calls posix.system');
    repository.git('checkout', '--quiet', 'main');
    repository.git('reset', '--quiet', '--hard', base);
    const head = repository.write('model.pkl', lfsPointer(CLEAN)).commit('head');
    const sha = repository.merged(base, head);
    repository.write('model.pkl', CLEAN);
    const clean = await runAction(
      { repository, event: 'pull_request', payload: pullRequest(base, head), sha },
      scratch,
    );
    expect(clean).toMatchObject({ code: 0, outputs: { decision: 'allow' } });
  });

  it('is denied when its content does not match', async () => {
    repository.write('model.pkl', lfsPointer(MALICIOUS));
    store(MALICIOUS, Buffer.concat([CLEAN, Buffer.alloc(MALICIOUS.length - CLEAN.length)]));
    const ran = await onPullRequest();
    expect(ran.code).toBe(1);
    expect(ran.summary).toContain('integrity.checksum');
  });
});

describe('new-findings-only', () => {
  it('omits findings of the base, also in a renamed file', async () => {
    base = repository.write('kept.pkl', UNLISTED).commit('more base');
    repository.git('mv', 'old.pkl', 'moved.pkl');
    repository.write('kept.pkl', Buffer.concat([UNLISTED.subarray(0, -1), Buffer.from('p1\n.')]));
    const all = await onPullRequest();
    expect(all.code).toBe(1);
    repository.git('checkout', '--quiet', 'main');
    const fresh = await onPullRequest({ 'new-findings-only': 'true' });
    expect(fresh).toMatchObject({ code: 0, annotations: [], outputs: { decision: 'allow' } });
  });

  it('keeps new findings, and a malicious file whose bytes changed', async () => {
    repository.write('old.pkl', MALICIOUS_TOO).write('new.pkl', UNLISTED);
    const ran = await onPullRequest({ 'new-findings-only': 'true' });
    expect(ran.code).toBe(1);
    expect(ran.annotations.map(({ file }) => file)).toEqual(['old.pkl', 'new.pkl']);
  });
});

describe('the severity inputs', () => {
  it('deny with fail-on, and hide with report-severity without an effect on the decision', async () => {
    repository.write('load.py', 'from transformers import AutoModel\nAutoModel.from_pretrained(NAME)\n');
    const shown = await onPullRequest();
    expect(shown).toMatchObject({ code: 0, outputs: { decision: 'warn', 'findings-count': '1' } });
    expect(shown.annotations).toMatchObject([{ level: 'notice', file: 'load.py', line: '2' }]);
    repository.git('checkout', '--quiet', 'main');
    const hidden = await onPullRequest({ 'fail-on': 'low', 'report-severity': 'high' });
    expect(hidden).toMatchObject({ code: 1, annotations: [], outputs: { decision: 'deny', 'findings-count': '1' } });
  });
});
