import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { convertBytes } from '../convert-bytes.ts';

const FOLDER = 'fixtures/convert/torch';
const GOLDEN = '.safetensors';
const names = readdirSync(FOLDER);
const whole = names.filter((name) => names.includes(name + GOLDEN));

describe('checkpoints of PyTorch, as safetensors writes what torch loads', () => {
  it.each(whole)('%s', async (name) => {
    const { bytes } = await convertBytes(name, await readFile(`${FOLDER}/${name}`));
    expect(bytes.equals(await readFile(`${FOLDER}/${name}${GOLDEN}`))).toBe(true);
  });
});
