import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { shardedCheckpoints } from '../../../src/convert/distributed/forms.ts';
import { convertBytes, fixtureFiles, withReadOptions, written } from '../convert-bytes.ts';

const FOLDER = 'fixtures/convert/paddle';

describe('checkpoints of PaddlePaddle, as safetensors writes what paddle loads', () => {
  it.each(['net.pdparams', 'net.pdopt', 'nested.pdparams', 'one.pdtensor', 'kinds.pdparams', 'sliced.pdparams'])(
    '%s',
    async (name) => {
      const { bytes } = await convertBytes(name, await readFile(`${FOLDER}/${name}`));
      expect(bytes.equals(await readFile(`${FOLDER}/${name}.safetensors`))).toBe(true);
    },
  );

  it.each(['inference-2', 'inference-3'])('%s, with the names of its program', async (name) => {
    const files = await fixtureFiles('paddle');
    const form = shardedCheckpoints(files).find(({ files }) => files.some(({ path }) => path === `${name}.pdiparams`));
    const result = await withReadOptions(10_000, {}, (options) => form?.read(options) ?? Promise.reject());
    const [output] = result.outputs;
    expect(output?.path).toBe(`${name}.safetensors`);
    const bytes = await written(output?.set ?? { tensors: [], leftOut: [] });
    expect(bytes.equals(await readFile(`${FOLDER}/${name}.safetensors`))).toBe(true);
  });

  it('names the table of names as left out', async () => {
    const { set } = await convertBytes('net.pdparams', await readFile(`${FOLDER}/net.pdparams`));
    expect(set.leftOut).toEqual([{ path: 'StructuredToParameterName@@', what: 'the names of parameters' }]);
  });

  it('refuses parameters without their program', async () => {
    const bytes = await readFile(`${FOLDER}/inference-2.pdiparams`);
    await expect(convertBytes('inference-2.pdiparams', bytes)).rejects.toMatchObject({
      code: 'unsupported',
      message: 'holds tensors without names',
    });
  });
});
