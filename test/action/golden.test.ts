import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { CLEAN, lfsPointer, MALICIOUS, UNLISTED } from './artifacts.ts';
import { Repository } from './repository.ts';
import { pullRequest, runAction } from './run-action.ts';

const scratch = tempFolder();

it('the Action reports many findings of a pull request as in the golden files, worst first', async () => {
  const repository = new Repository(join(scratch, 'r'));
  const base = repository.write('README.md', '# models\n').write('.assay.yaml', POLICY).commit('base');
  repository.write('models/a.pkl', MALICIOUS).write('models/b.pkl', UNLISTED).write('models/c.pkl', CLEAN);
  repository
    .write('models/d.pt', lfsPointer(CLEAN))
    .write('.gitattributes', '*.pt filter=lfs\n')
    .write('.assay.yaml', `${POLICY}# more\n`);
  repository.write(
    'train.py',
    'import sys\nload_dataset("acme/rows")\nAutoModel.from_pretrained(sys.argv[1], trust_remote_code=True)\n',
  );
  repository.write('weights.dvc', `outs:\n- { md5: ${'a'.repeat(32)}, size: 4, hash: md5, path: weights.onnx }\n`);
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  const inputs = { policy: '.assay.yaml' };
  const ran = await runAction(
    { repository, event: 'pull_request', payload: pullRequest(base, head), sha, inputs },
    scratch,
  );
  expect(ran).toMatchObject({ code: 1, stderr: '' });
  // What differs between runs and with every edit of a list.
  const still = (text: string) =>
    text
      .replaceAll(sha, 'HEAD')
      .replaceAll(sha.slice(0, 12), 'HEAD')
      .replaceAll(base.slice(0, 12), 'BASE')
      .replace(/sha256:[0-9a-f]{12,64}/g, 'sha256:DIGEST')
      .replace(/ruleset `[\d.]+`/, 'ruleset `VERSION`')
      .replace(/\d+(?:\.\d+)? m?s\b/g, 'TIME');
  await expect(still(ran.stdout)).toMatchFileSnapshot('../golden/action.annotations.txt');
  await expect(still(ran.summary)).toMatchFileSnapshot('../golden/action.summary.md');
  expect(Buffer.byteLength(ran.summary)).toBeLessThan(1024 * 1024);
});

it('the Action keeps the summary below 1 MiB, and annotations at ten per level, for any number of findings', async () => {
  const repository = new Repository(join(scratch, 'many'));
  const base = repository.write('README.md', '# models\n').commit('base');
  for (let i = 0; i < 300; i++) repository.write(`${'long-name-'.repeat(20)}${i}.pkl`, MALICIOUS);
  const lines = Array.from({ length: 300 }, (_, i) => `AutoModel.from_pretrained(NAME_${i}, trust_remote_code=True)\n`);
  repository.write('train.py', lines.join(''));
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  const ran = await runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha }, scratch);
  expect(Buffer.byteLength(ran.summary)).toBeLessThan(1024 * 1024);
  for (const level of ['error', 'warning', 'notice'])
    expect(ran.annotations.filter((one) => one.level === level)).toHaveLength(10);
  expect(ran.annotations.filter(({ message }) => /^and 291 more/.test(message))).toHaveLength(3);
  expect(ran.outputs['findings-count']).toBe('900');
});

const POLICY = `apiVersion: assay.dev/v1
kind: ModelPolicy
metadata: { name: acme, description: What Acme allows. }
spec:
  validations:
    - { id: verdicts, expression: "files.all(f, f.verdict in ['clean', 'not-assessed'])", message: only what is understood }
`;
