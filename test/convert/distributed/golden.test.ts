import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { shardedCheckpoints } from '../../../src/convert/distributed/forms.ts';
import { fixtureFiles, withReadOptions, written } from '../convert-bytes.ts';

/** What the only checkpoint of a folder becomes. */
async function convertFolder(folder: string) {
  const files = await fixtureFiles(folder);
  const [form, ...others] = shardedCheckpoints(files.filter(({ path }) => !path.endsWith('.safetensors')));
  if (form === undefined || others.length > 0) throw new Error(`${folder} is not one checkpoint`);
  return await withReadOptions(100_000, {}, async (options) => {
    const { outputs, index } = await form.read(options);
    const bytes = await Promise.all(outputs.map(({ set }) => written(set)));
    return { id: form.id, files: form.files.map(({ path }) => path), outputs, bytes, index };
  });
}

describe('checkpoints of several files, as safetensors writes what torch loads', () => {
  it('sharded models of Hugging Face, with their index', async () => {
    const { id, files, outputs, bytes, index } = await convertFolder('sharded-bin');
    expect(id).toBe('torch-sharded');
    expect(files).toHaveLength(3);
    for (const [i, { path }] of outputs.entries())
      expect(bytes[i]?.equals(await readFile(`fixtures/convert/sharded-bin/${path}`))).toBe(true);
    expect(index?.path).toBe('model.safetensors.index.json');
    const written = await readFile('fixtures/convert/sharded-bin/pytorch_model.bin.index.json', 'utf8');
    expect(index?.text).toBe(written.replaceAll('pytorch_model', 'model').replaceAll('.bin', '.safetensors'));
  });

  it.each(['distcp', 'fsdp'])('torch.distributed.checkpoint of two processes: %s', async (folder) => {
    const { id, outputs, bytes } = await convertFolder(folder);
    expect(id).toBe('torch-distcp');
    expect(outputs.map(({ path }) => path)).toEqual(['model.safetensors']);
    expect(bytes[0]?.equals(await readFile(`fixtures/convert/${folder}.safetensors`))).toBe(true);
  });

  it.each(['zero1', 'zero2', 'zero3'])('DeepSpeed, as its zero_to_fp32.py rebuilds the weights: %s', async (folder) => {
    const { id, bytes } = await convertFolder(`deepspeed/${folder}`);
    expect(id).toBe('deepspeed-zero');
    expect(bytes[0]?.equals(await readFile(`fixtures/convert/deepspeed/${folder}.safetensors`))).toBe(true);
  });

  it('names the values that are not tensors', async () => {
    const { outputs } = await convertFolder('distcp');
    expect(outputs[0]?.set.leftOut.map(({ path }) => path).sort()).toEqual(['note', 'step']);
  });
});
