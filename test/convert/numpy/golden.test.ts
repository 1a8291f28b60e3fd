import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { convertBytes } from '../convert-bytes.ts';

const FOLDER = 'fixtures/convert/numpy';
const GOLDEN = '.safetensors';
const files = readdirSync(FOLDER).filter((name) => !name.endsWith(GOLDEN));

describe('arrays of NumPy, as safetensors writes what the real libraries load', () => {
  it.each(files)('%s', async (name) => {
    const { bytes } = await convertBytes(name, await readFile(`${FOLDER}/${name}`));
    expect(bytes.equals(await readFile(`${FOLDER}/${name}${GOLDEN}`))).toBe(true);
  });
});
