import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { convertBytes } from '../convert-bytes.ts';

const FOLDER = 'fixtures/convert/flax';

describe('checkpoints of Flax, as safetensors writes what flax loads', () => {
  it.each(['net', 'kinds', 'others', 'chunked'])('%s', async (name) => {
    const { bytes, format } = await convertBytes(`${name}.msgpack`, await readFile(`${FOLDER}/${name}.msgpack`));
    expect(format).toBe('flax');
    expect(bytes.equals(await readFile(`${FOLDER}/${name}.msgpack.safetensors`))).toBe(true);
  });

  it('names what is not an array', async () => {
    const { set } = await convertBytes('others.msgpack', await readFile(`${FOLDER}/others.msgpack`));
    expect(Object.fromEntries(set.leftOut.map(({ path, what }) => [path, what]))).toEqual({
      number: 'a number',
      ratio: 'a number',
      text: 'text',
      none: 'None',
      flag: 'a Boolean',
      complex: 'an extension of the type 2',
      large: 'a number',
    });
  });
});
