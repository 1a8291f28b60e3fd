import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AsyncDisposableStack } from '../../../src/core/async-disposable-stack.ts';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { KerasConfig } from '../../../src/formats/keras/config.ts';
import { type KerasRecord, kerasKey } from '../../../src/formats/keras/json.ts';
import { refuseCode } from '../../../src/formats/keras/object.ts';
import { type KerasFile, readKerasH5 } from '../../../src/formats/keras/read.ts';

const FILES = new URL('../../../fixtures/convert/keras/', import.meta.url);
const PROBES = new URL('../../../fixtures/format-probes/', import.meta.url);

async function readH5(bytes: Uint8Array): Promise<KerasFile> {
  const resources = new AsyncDisposableStack();
  try {
    const budget = new FileBudget(DEFAULT_LIMITS, bytes.length);
    return await readKerasH5(new MemorySource(bytes, 'model.h5'), { limits: DEFAULT_LIMITS, budget, resources });
  } finally {
    await resources.disposeAsync();
  }
}

const modelFile = (name: string) => gunzipSync(readFileSync(new URL(`${name}.gz`, FILES)));

describe('readKerasH5', () => {
  it.each(['2.2.4-tf', '2.3.1', '2.15.0', '3.15.1'])(
    'reads a file of Keras %s: weights by layers, in order',
    async (version) => {
      const file = await readH5(modelFile(`${version}/dense.h5`));
      expect(file.version).toBe(version);
      expect(kerasKey(file.model, 'class_name')).toBe('Sequential');
      if (file.weights.kind !== 'by-layer') throw new Error('weights by path');
      const shapes = [...file.weights.layers.values()].map((arrays) => arrays.map(({ shape }) => shape));
      expect(shapes.filter((all) => all.length > 0)).toEqual([[[5, 7], [7]], [[7, 4]], [[4, 3], [3]]]);
    },
  );

  it.each([
    ['h5-lambda/m.h5', 'Lambda'],
    ['h5-lambda-nested/m.h5', 'Lambda'],
  ])('refuses %s, and says where its code is', async (name, what) => {
    const reading = readH5(readFileSync(new URL(name, PROBES)));
    await expect(reading).rejects.toThrow(what);
    await expect(reading).rejects.toThrow('has code that is not in the file');
  });

  it('refuses a file without a model, and one whose weights are in another file', async () => {
    const read = (name: string) => readH5(readFileSync(new URL(name, PROBES)));
    await expect(read('h5-huge-shape/model.weights.h5')).rejects.toThrow('is an HDF5 file without a model of Keras');
    await expect(read('h5-external-link/m.h5')).rejects.toThrow('the model has no model_weights');
  });

  it('reads or refuses a file with changed bytes, and does nothing else', async () => {
    const bytes = modelFile('2.15.0/nested.h5');
    const places = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(places, async (changes) => {
      const changed = Buffer.from(bytes);
      for (const [at, byte] of changes) changed[at] = byte;
      const error: unknown = await readH5(changed).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !isContentError(error)) throw error;
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

describe('refuseCode', () => {
  const lambda = { class_name: '__lambda__', config: {} };
  it.each<[string, KerasRecord]>([
    ['a list', { config: { layers: [lambda] } }],
    ['a key of any name', { config: { __proto__2: { deep: [[lambda]] } } }],
    ['a key of the name __proto__', JSON.parse('{"config": {"__proto__": {"class_name": "Lambda"}}}')],
    ['an object beside the configuration', { class_name: 'Dense', config: {}, other: lambda }],
  ])('finds code in %s', (_what, config) => {
    expect(() => refuseCode(config, 'model')).toThrow('has code that is not in the file');
  });

  it('passes over what is not made when a model is built', () => {
    expect(() => refuseCode({ compile_config: lambda, build_config: lambda }, 'model')).not.toThrow();
  });

  it('goes through any depth without a call for each level', () => {
    let deep: KerasRecord = lambda;
    for (let i = 0; i < 100_000; i++) deep = { deep };
    expect(() => refuseCode(deep, 'model')).toThrow('has code');
  });
});

describe('KerasConfig', () => {
  const config = (values: KerasRecord) => new KerasConfig(values, 'Dense "d"', 'model.keras');

  it('knows the keys that were never asked for; null is as good as none', () => {
    const some = config({ units: 3, other: null, power: 2 });
    expect(some.size('units')).toBe(3);
    expect(() => some.finish()).toThrow('Dense "d" has the setting "power"');
    some.ignore('power');
    expect(() => some.finish()).not.toThrow();
  });

  it('does not take values from a prototype', () => {
    expect(config({}).value('constructor')).toBeUndefined();
    expect(() => config({}).text('toString')).toThrow('has no toString');
  });

  it.each([2 ** 31, 0, -1, 1.5, '3', true, [3], {}])('refuses %j as a size', (value) => {
    expect(() => config({ units: value }).size('units')).toThrow('units');
  });

  it('takes one number for each dimension', () => {
    expect(config({ strides: 2 }).sizes('strides', 3)).toEqual([2, 2, 2]);
    expect(() => config({ strides: [1, 2] }).sizes('strides', 3)).toThrow('not 3 whole numbers');
  });
});
