import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CLEAN, MALICIOUS } from '../action/artifacts.ts';
import { Repository } from '../action/repository.ts';
import { pullRequest, runAction } from '../action/run-action.ts';
import { noise, tempFolder } from '../support/temp.ts';

const scratch = tempFolder();
const MiB = 1024 * 1024;

/** A safetensors file with one tensor, as in the specification. */
async function writeSafetensors(path: string, bytes: number): Promise<void> {
  const header = Buffer.from(JSON.stringify({ w: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = createWriteStream(path);
  file.write(Buffer.concat([length, header]));
  const block = noise(MiB);
  for (let written = 0; written < bytes; written += MiB) if (!file.write(block)) await once(file, 'drain');
  file.end();
  await once(file, 'close');
}

it('the Action judges weights of 500 MB that a pull request adds', async () => {
  const repository = new Repository(join(scratch, 'large'));
  const base = repository.write('README.md', '# models\n').commit('base');
  repository.git('config', 'core.compression', '0');
  await writeSafetensors(join(repository.folder, 'model.safetensors'), 500 * MiB);
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  const ran = await runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha }, scratch);
  expect(ran).toMatchObject({ code: 0, stderr: '', outputs: { decision: 'allow' } });
  expect(ran.summary).toContain('1 file of models');
});

it('the Action finds the one malicious file among 20,000 changed files', async () => {
  const repository = new Repository(join(scratch, 'many'));
  const base = repository.write('README.md', '# models\n').commit('base');
  mkdirSync(join(repository.folder, 'src'));
  for (let i = 0; i < 20_000; i++) repository.write(`src/${i % 100}/file${i}.py`, `x = ${i}\n`);
  for (let i = 0; i < 200; i++) repository.write(`models/${i}.pkl`, CLEAN);
  repository.write('models/100/deep.pkl', MALICIOUS);
  const head = repository.commit('head');
  const sha = repository.merged(base, head);
  const ran = await runAction({ repository, event: 'pull_request', payload: pullRequest(base, head), sha }, scratch);
  expect(ran).toMatchObject({ code: 1, stderr: '', outputs: { decision: 'deny', 'findings-count': '2' } });
  expect(ran.annotations).toMatchObject([{ level: 'error', file: 'models/100/deep.pkl' }, { file: 'src/0/file0.py' }]);
  // More files than are searched for uses of the constants: one finding for all of them.
  expect(ran.annotations[1]?.message).toContain('its constants and those of 19999 more modules changed');
});
