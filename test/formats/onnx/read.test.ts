import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import { dumpOnnx } from '../../support/onnx-dump.ts';
import { onnxFixture, onnxSource } from '../../support/onnx-models.ts';

const FIXTURES = new URL('../../../fixtures/onnx/', import.meta.url);
const NAMES = readdirSync(FIXTURES).flatMap((name) => (name.endsWith('.onnx') ? [name.slice(0, -5)] : []));

describe('models that the onnx package wrote', () => {
  it.each(NAMES)('%s reads as onnx.load reads it', async (name) => {
    const { model, unread } = await readOnnx(onnxFixture(name));
    expect(await dumpOnnx(model)).toEqual(JSON.parse(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8')));
    expect(unread).toEqual([]);
  });

  it.each(NAMES)('%s reads the same after it was written', async (name) => {
    const { model } = await readOnnx(onnxFixture(name));
    const again = await readOnnx(await onnxSource(model));
    expect(await dumpOnnx(again.model)).toEqual(await dumpOnnx(model));
  });
});
