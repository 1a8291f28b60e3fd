import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContentError } from '../../../src/core/errors.ts';
import { buildZip } from '../../support/containers.ts';
import { at, type Json, kerasMembers, put, withConfig } from './archive.ts';
import { modelFile, planKeras } from './cases.ts';

const DENSE = '3.15.1/dense.keras';
const NESTED = '3.15.1/nested.keras';
const FIRST = ['config', 'layers', 1] as const;

/** Plans a model whose configuration was changed. */
async function changed(name: string, change: (config: Json) => Json | Buffer) {
  return await planKeras('model.keras', await withConfig(name, change));
}

const LAMBDA = { class_name: '__lambda__', config: { value: { class_name: '__bytes__', config: { value: '4w==' } } } };

describe('code that is not in the file, or in it as bytes', () => {
  it.each<[string, readonly (string | number)[], Json]>([
    ['a Lambda layer', [...FIRST, 'class_name'], 'Lambda'],
    ['a class of another module', [...FIRST, 'module'], 'my_layers.dense'],
    ['a module that only begins like Keras', [...FIRST, 'module'], 'keras_evil.layers'],
    ['a registered class', [...FIRST, 'registered_name'], 'Mine>Dense'],
    ['an activation that is bytes', [...FIRST, 'config', 'activation'], LAMBDA],
    [
      'an activation that is a function',
      [...FIRST, 'config', 'activation'],
      { module: 'builtins', class_name: 'function', config: 'relu', registered_name: 'function' },
    ],
    ['an activation by another name', [...FIRST, 'config', 'activation'], 'my_relu'],
    ['an activation of the name of a method', [...FIRST, 'config', 'activation'], 'toString'],
    ['an initializer that is bytes', [...FIRST, 'config', 'kernel_initializer'], LAMBDA],
    [
      'a regularizer of another module',
      [...FIRST, 'config', 'kernel_regularizer'],
      { module: 'evil', class_name: 'L2', config: {}, registered_name: null },
    ],
    ['a function deep in a key that is not read', [...FIRST, 'config', 'bias_constraint'], { a: [{ b: LAMBDA }] }],
    ['a class that is not known', [...FIRST, 'class_name'], 'Denser'],
    ['a class of the name of a method', [...FIRST, 'class_name'], 'constructor'],
    ['a model of another class', ['class_name'], 'MyModel'],
  ])('%s', async (_what, path, value) => {
    const planned = changed(DENSE, (config) => put(config, path, value));
    await expect(planned).rejects.toThrow('code that is not in the file');
    await expect(planned).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('a Lambda in a model within', async () => {
    const planned = changed(NESTED, (config) => {
      const index = (at(config, 'config', 'layers') as Json[]).findIndex(
        (layer) => at(layer, 'class_name') === 'Functional',
      );
      return put(config, ['config', 'layers', index, 'config', 'layers', 1, 'class_name'], 'Lambda');
    });
    await expect(planned).rejects.toThrow(/Lambda \(model\.config\.layers\[\d\]\.config\.layers\[1\]\) has code/);
  });

  it('an operation that is not a layer, though it has the name of one', async () => {
    const planned = changed(DENSE, (config) => {
      put(config, [...FIRST, 'module'], 'keras.src.ops.numpy');
      return put(config, [...FIRST, 'class_name'], 'Add');
    });
    await expect(planned).rejects.toThrow('is the operation keras.src.ops.numpy.Add, which is not a layer');
  });
});

describe('what says how a model is trained changes nothing', () => {
  it('compile_config and build_config are not looked at', async () => {
    const plain = await changed(DENSE, (config) => config);
    const other = await changed(DENSE, (config) => {
      put(config, ['compile_config'], { loss: LAMBDA, optimizer: { module: 'evil', class_name: 'X', config: {} } });
      return put(config, [...FIRST, 'build_config'], { input_shape: [null, 99] });
    });
    expect(other.model).toEqual(plain.model);
  });

  it('a layer of the name __proto__ is a layer', async () => {
    const { plan } = await changed('3.15.1/shared.keras', (config) =>
      Buffer.from(JSON.stringify(config).replaceAll('"concatenate"', '"__proto__"')),
    );
    expect(plan.outputs.map(({ name }) => name)).toEqual(['__proto__']);
  });
});

describe('settings', () => {
  it.each<[string, readonly (string | number)[], Json, string]>([
    ['one that is not known', [...FIRST, 'config', 'power'], 2, 'has the setting "power"'],
    [
      'of quantised weights',
      [...FIRST, 'config', 'quantization_config'],
      { bits: 8 },
      'has the setting "quantization_config"',
    ],
    ['of low rank', [...FIRST, 'config', 'lora_rank'], 4, 'has the setting "lora_rank"'],
    ['of another type of numbers', [...FIRST, 'config', 'dtype'], 'mixed_float16', 'computes in mixed_float16'],
    [
      'a policy of another type',
      [...FIRST, 'config', 'dtype', 'config', 'name'],
      'int8_from_float32',
      'computes in int8_from_float32',
    ],
    [
      'a class of policies that is not known',
      [...FIRST, 'config', 'dtype', 'class_name'],
      'QuantizedDTypePolicy',
      'computes in float32',
    ],
    ['of a model that is not known', ['config', 'extra'], 1, 'has the setting "extra"'],
    ['2^53 units', [...FIRST, 'config', 'units'], 2 ** 53, 'units'],
    ['2^31 units', [...FIRST, 'config', 'units'], 2 ** 31, 'has the units'],
    ['units that are not those of the weights', [...FIRST, 'config', 'units'], 8, 'but its configuration says [?, 8]'],
    ['no units', [...FIRST, 'config', 'units'], null, 'has no units'],
    ['units that are text', [...FIRST, 'config', 'units'], '7', 'not a whole number'],
    ['units below 0', [...FIRST, 'config', 'units'], -7, 'has the units -7'],
    ['no bias where there is one', [...FIRST, 'config', 'use_bias'], false, 'belongs to no layer'],
    ['a bias where there is none', ['config', 'layers', 2, 'config', 'use_bias'], true, 'has no weight bias'],
    [
      'an input of 2^53 features',
      ['config', 'layers', 0, 'config', 'batch_shape'],
      [null, 2 ** 53],
      'not a list of sizes',
    ],
    ['an input of other features', ['config', 'layers', 0, 'config', 'batch_shape'], [null, 6], 'does not fit'],
    ['an input of texts', ['config', 'layers', 0, 'config', 'dtype'], 'string', 'is of the type string'],
    ['an input that is sparse', ['config', 'layers', 0, 'config', 'sparse'], true, 'is sparse'],
    ['a name of another layer', [...FIRST, 'config', 'name'], 'other', 'has the weights of "dense"'],
    ['layers that are not a list', ['config', 'layers'], { 0: {} }, 'has no layers'],
    ['a layer that is null', [...FIRST], null, 'does not describe an object'],
  ])('%s', async (_what, path, value, why) => {
    await expect(changed(DENSE, (config) => put(config, path, value))).rejects.toThrow(why);
  });
});

describe('graphs', () => {
  const ENDS = ['config', 'output_layers'];
  const history = (config: Json, layer: number, node: number, value: Json) =>
    put(config, ['config', 'layers', layer, 'inbound_nodes', node, 'args', 0, 'config', 'keras_history'], value);
  const RESIDUAL = '3.15.1/half-frozen.keras';

  it.each<[string, (config: Json) => Json, string]>([
    ['a layer that takes its own result', (config) => history(config, 2, 0, ['dense_1', 0, 0]), 'lead to themselves'],
    ['a layer that is not there', (config) => history(config, 2, 0, ['nothing', 0, 0]), 'which is not a layer of it'],
    ['a call that is not there', (config) => history(config, 2, 0, ['base', 7, 0]), 'which there is not'],
    ['a result that is not there', (config) => history(config, 2, 0, ['base', 0, 7]), 'which there is not'],
    ['a call below 0', (config) => history(config, 2, 0, ['base', -1, 0]), 'not a reference'],
    ['a reference that is text', (config) => history(config, 2, 0, 'base'), 'not a reference'],
    ['an output that is not there', (config) => put(config, ENDS, ['nothing', 0, 0]), 'which is not a layer of it'],
    ['outputs that are not references', (config) => put(config, ENDS, 7), 'inputs or outputs that are not references'],
    [
      'an input that is a layer',
      (config) => put(config, ['config', 'input_layers'], ['base', 0, 0]),
      'which is not one',
    ],
    [
      'a call as in training',
      (config) => put(config, ['config', 'layers', 2, 'inbound_nodes', 0, 'kwargs'], { training: true }),
      'is called as in training',
    ],
    [
      'a call with an argument that is not known',
      (config) => put(config, ['config', 'layers', 2, 'inbound_nodes', 0, 'kwargs'], { scale: 2 }),
      'has the setting "scale"',
    ],
  ])('%s', async (_what, change, why) => {
    await expect(changed(RESIDUAL, change)).rejects.toThrow(why);
  });

  it('two layers of one name', async () => {
    const planned = changed('3.15.1/nested.keras', (config) => {
      const layers = at(config, 'config', 'layers') as Json[];
      return put(config, ['config', 'layers'], [...layers, layers[0] ?? null]);
    });
    await expect(planned).rejects.toThrow('has two layers of the name "x"');
  });

  it('one layer in two places', async () => {
    const planned = changed('3.15.1/nested.keras', (config) => {
      const text = JSON.stringify(config).replaceAll(
        '"class_name":"Dense"',
        '"shared_object_id":7,"class_name":"Dense"',
      );
      return Buffer.from(text);
    });
    await expect(planned).rejects.toThrow('a layer of the class Dense stands in two places');
  });

  it('models that are called twice, within models that are called twice, and so on, meet a limit', async () => {
    // A file without weights.
    const bytes = await withConfig('3.15.1/shapes.keras', () => doubled(22));
    const planned = planKeras('model.keras', bytes, { maxFileMemory: 2 ** 25 });
    await expect(planned).rejects.toMatchObject({ code: 'limit' });
  });
});

/** A model that calls the model within it twice. */
function doubled(depth: number): Json {
  const input = {
    class_name: 'InputLayer',
    config: { batch_shape: [null, 4], name: 'x' },
    name: 'x',
    inbound_nodes: [],
  };
  const call = (from: string, node: number) => ({
    args: [{ class_name: '__keras_tensor__', config: { keras_history: [from, node, 0] } }],
    kwargs: {},
  });
  const layer: Json =
    depth === 0
      ? { class_name: 'Activation', config: { name: 'y', activation: 'tanh' }, name: 'y' }
      : { ...(doubled(depth - 1) as { [key: string]: Json }), name: 'y' };
  const calls = { ...(layer as { [key: string]: Json }), inbound_nodes: [call('x', 0), call('y', 0)] };
  const end = depth === 0 ? 1 : 2;
  return {
    class_name: 'Functional',
    config: { name: 'y', layers: [input, calls], input_layers: ['x', 0, 0], output_layers: ['y', end, 0] },
  };
}

const built = [...(await kerasMembers(DENSE))].map(([name, data]) => ({ name, data }));

describe('archives', () => {
  it.each<[string, Parameters<typeof buildZip>[0], string]>([
    ['two configurations', [...built, { name: 'config.json', data: '{}' }], 'two members of the name config.json'],
    ['no configuration', built.filter(({ name }) => name !== 'config.json'), 'has no config.json'],
    ['no metadata', built.filter(({ name }) => name !== 'metadata.json'), 'has no metadata.json'],
    ['no version', with1('metadata.json', '{}'), 'does not name its version'],
    ['Keras 1', with1('metadata.json', '{"keras_version": "1.2.2"}'), 'is of Keras 1.2.2'],
    ['a configuration that is a list', with1('config.json', '[]'), 'is not a JSON object'],
    ['a configuration that names a key twice', with1('config.json', '{"class_name": "A", "class_name": "B"}'), 'twice'],
    ['a configuration of 10^5 levels', with1('config.json', `{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`), '96 deep'],
    ['a configuration of many values', with1('config.json', `[${'0,'.repeat(2e6)}0]`), 'more than 1000000 values'],
    ['weights that are not HDF5', with1('model.weights.h5', 'nothing'), 'superblock is incomplete'],
    [
      'weights in another format',
      [...built.filter(({ name }) => name !== 'model.weights.h5'), { name: 'model.weights.npz', data: '' }],
      'keeps its weights in model.weights.npz',
    ],
  ])('%s', async (_what, parts, why) => {
    await expect(planKeras('model.keras', buildZip(parts))).rejects.toThrow(why);
  });

  it('members with paths are not looked at', async () => {
    const bytes = buildZip([...built, { name: '../config.json', data: '{}' }, { name: '/etc/passwd', data: 'x' }]);
    await expect(planKeras('model.keras', bytes)).resolves.toBeDefined();
  });

  function with1(name: string, data: string) {
    return built.map((one) => (one.name === name ? { name, data } : one));
  }
});

describe('weights', () => {
  it.each(['3.15.1', '2.15.0', '2.15.0-listed', '2.12.0', '2.12.0-listed'])(
    'without a model are refused by name: %s',
    async (name) => {
      const file = new URL(`../../../fixtures/convert/keras-weights/${name}.h5.gz`, import.meta.url);
      const planned = planKeras('model.weights.h5', gunzipSync(readFileSync(file)));
      await expect(planned).rejects.toThrow('holds weights without an architecture');
    },
  );

  it('of layers in another order than that of the layers', async () => {
    const bytes = modelFile('2.15.0/dense.h5');
    // Each text of a heap follows its length, in 8 bytes.
    const [one, two] = ['dense_1', 'dense_2'].map((name) => bytes.indexOf(`\x07\0\0\0\0\0\0\0${name}`, 'latin1') + 8);
    bytes.write('dense_2', one ?? 0);
    bytes.write('dense_1', two ?? 0);
    await expect(planKeras('model.h5', bytes)).rejects.toThrow(
      'but the weights are those of (dense, dense_2, dense_1)',
    );
  });

  it('whose names say that they are others', async () => {
    const bytes = Buffer.from(
      modelFile('2.15.0/frozen.h5').toString('latin1').replaceAll('gamma:0', 'alpha:0'),
      'latin1',
    );
    await expect(planKeras('model.h5', bytes)).rejects.toThrow('where its gamma is expected');
  });

  it('of a model within whose names are those of other layers', async () => {
    const bytes = Buffer.from(
      modelFile('2.15.0/frozen.h5').toString('latin1').replaceAll('/kernel:0', '_/ernel:0'),
      'latin1',
    );
    await expect(planKeras('model.h5', bytes)).rejects.toMatchObject({ code: 'malformed' });
  });
});

/** Values that no layer expects. */
const ODD = fc.constantFrom<Json>(
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 40,
  2 ** 53,
  '',
  'same',
  '__proto__',
  [],
  {},
  [[1]],
  [null, null],
);

describe.each(['conv2d', 'recurrent', 'nested', 'attention', 'merges', 'shapes', 'normalization'])('%s', (name) => {
  it('with another value anywhere in its configuration is converted or refused, and nothing else', async () => {
    const config: Json = JSON.parse(String((await kerasMembers(`3.15.1/${name}.keras`)).get('config.json')));
    const paths = leaves(config);
    const property = fc.asyncProperty(fc.nat(paths.length - 1), ODD, async (index, value) => {
      const path = paths[index] ?? [];
      const planned = changed(`3.15.1/${name}.keras`, (json) => put(json, path, value));
      await expectContent(planned, path.join('.'));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it.each(['keras', 'h5'])('with changed bytes is converted or refused, and nothing else: .%s', async (kind) => {
    const bytes = modelFile(`3.15.1/${name}.${kind}`);
    const places = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    const property = fc.asyncProperty(places, async (changes) => {
      const other = Buffer.from(bytes);
      for (const [place, byte] of changes) other[place] = byte;
      await expectContent(planKeras(`model.${kind}`, other), kind);
    });
    await fc.assert(property, { numRuns: 30 });
  });
});

/** What a plan throws has to be an error about the content of the file. */
async function expectContent(planned: Promise<unknown>, what: string): Promise<void> {
  const error: unknown = await planned.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined && !isContentError(error)) throw new Error(what, { cause: error });
}

/** The paths of all values within a value. */
function leaves(json: Json, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof json !== 'object' || json === null) return [[...path]];
  const entries: [string | number, Json][] = Array.isArray(json) ? [...json.entries()] : Object.entries(json);
  const own = path.length === 0 ? [] : [[...path]];
  return [...own, ...entries.flatMap(([key, value]) => leaves(value, [...path, key]))];
}
