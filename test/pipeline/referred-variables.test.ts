import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assess } from '../../src/pipeline/assess.ts';
import { artifactOf, folderFiles, memoryFile } from '../support/artifacts.ts';
import { noise } from '../support/temp.ts';

const ROOT = join(import.meta.dirname, '../../fixtures');
/** Folders in which TensorFlow saved variables. */
const FOLDERS = ['convert/tensorflow', 'tensorflow'].flatMap((root) =>
  readdirSync(join(ROOT, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.includes('.data-00000-of-'))
    .map((path) => join(root, dirname(path))),
);

async function judge(files: Readonly<Record<string, Uint8Array>>) {
  const { files: judged, findings } = await assess(
    artifactOf(Object.entries(files).map(([path, bytes]) => memoryFile(path, bytes))),
  );
  const verdicts = Object.fromEntries(judged.map(({ path, verdict }) => [path, verdict]));
  return { verdicts, rules: findings.map(({ ruleId }) => ruleId), files: judged };
}

/** A checkpoint that TensorFlow wrote. */
const variables = join(ROOT, 'convert/tensorflow/1.15.5/simple/variables');
const index = readFileSync(join(variables, 'variables.index'));
const [shardName = ''] = readdirSync(variables).filter((name) => name.includes('.data-'));
const shard = readFileSync(join(variables, shardName));

describe('the values of variables', () => {
  it.each(FOLDERS)('that TensorFlow saved are clean beside their index: %s', async (folder) => {
    const { files } = await assess(artifactOf(folderFiles(join(ROOT, folder))));
    const values = files.filter(({ path }) => path.includes('.data-'));
    expect(values.length).toBeGreaterThan(0);
    for (const { format, verdict, reasons, coverage } of values) {
      expect({ format, verdict, reasons }).toEqual({ format: 'tensorbundle-data', verdict: 'clean', reasons: [] });
      expect(coverage.ranges[0]?.why).toMatch(/^tensors of \S+\.index: numbers$/);
    }
  });

  it('are unknown without the index', async () => {
    const { files } = await judge({ [shardName]: shard });
    expect(files[0]).toMatchObject({
      verdict: 'unknown',
      reasons: ['has the name of values of variables, and no file of the artifact says that it holds them'],
    });
    expect((await judge({ [shardName]: shard, 'other.index': index })).verdicts[shardName]).toBe('unknown');
  });

  it('are unknown with bytes of no variable', async () => {
    const longer = Buffer.concat([shard, noise(40, 1)]);
    const { verdicts, files } = await judge({ [shardName]: longer, 'variables.index': index });
    expect(verdicts).toEqual({ [shardName]: 'unknown', 'variables.index': 'clean' });
    expect(files.find(({ path }) => path === shardName)?.reasons).toContain(
      '40 bytes are of no tensor of the models that name the file',
    );
    const padded = Buffer.concat([shard, Buffer.alloc(40)]);
    expect((await judge({ [shardName]: padded, 'variables.index': index })).verdicts[shardName]).toBe('clean');
  });

  it('that end too early, or are not there, are said at the index', async () => {
    const short = await judge({ [shardName]: shard.subarray(0, -1), 'variables.index': index });
    expect(short).toMatchObject({ verdicts: { 'variables.index': 'suspicious' }, rules: ['tensorflow.structure'] });
    const { files } = await judge({ 'variables.index': index });
    expect(files[0]).toMatchObject({ verdict: 'not-assessed' });
    expect(files[0]?.reasons[0]).toMatch(/^Values of variables are in "variables\.data-00000-of-0000\d", not in the/);
  });

  it('that are another thing get the verdict of that', async () => {
    const code = Buffer.from('cposix\nsystem\n(Vtrue\ntR.');
    expect((await judge({ [shardName]: code, 'variables.index': index })).verdicts[shardName]).toBe('malicious');
  });
});

describe('the weights of TensorFlow.js', () => {
  const weights = [{ name: 'w', shape: [10], dtype: 'float32' }];
  const model = (...paths: string[]) =>
    Buffer.from(
      JSON.stringify({ format: 'graph-model', modelTopology: { node: [] }, weightsManifest: [{ paths, weights }] }),
    );

  it('are clean where the model names them, by any name', async () => {
    const { verdicts } = await judge({
      'd/model.json': model('group1-shard1of2.bin', 'w/second.bin'),
      'd/group1-shard1of2.bin': noise(20, 1),
      'd/w/second.bin': noise(20, 2),
    });
    expect(verdicts).toEqual({ 'd/model.json': 'clean', 'd/group1-shard1of2.bin': 'clean', 'd/w/second.bin': 'clean' });
  });

  it('are unknown where it does not, and said where they are not there', async () => {
    const { verdicts } = await judge({
      'model.json': model('group1-shard1of1.bin'),
      'd/group1-shard1of1.bin': noise(40, 1),
    });
    expect(verdicts).toEqual({ 'model.json': 'not-assessed', 'd/group1-shard1of1.bin': 'unknown' });
  });
});
