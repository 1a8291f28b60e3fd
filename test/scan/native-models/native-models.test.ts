import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { type NativeModel, readNativeModel } from '../../../src/scan/native-models/judge.ts';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { fixtureFiles, scanBytes } from '../../support/scan-bytes.ts';

const MODELS = fixtureFiles('fixtures/native-models');
const TOKENIZER = readFileSync('fixtures/formats/sentencepiece.model');
const KINDS: readonly NativeModel[] = [
  'xgboost',
  'lightgbm',
  'catboost',
  'catboost-json',
  'sentencepiece',
  'tokenizers',
];

function model(name: string): Uint8Array {
  const bytes = MODELS.get(name);
  if (bytes === undefined) throw new Error(`no fixture ${name}`);
  return bytes;
}

async function verdictOf(kind: NativeModel, bytes: Uint8Array): Promise<string> {
  const budget = new FileBudget(DEFAULT_LIMITS, bytes.length);
  const verdict = await readNativeModel(kind, new MemorySource(bytes, 'model'), budget);
  expect(budget.held).toBe(0);
  return verdict.kind;
}

function edited(name: string, from: string, to: string): Uint8Array {
  const text = Buffer.from(model(name)).toString('latin1');
  expect(text).toContain(from);
  return Buffer.from(text.replace(from, to), 'latin1');
}

describe('a model of a native library', () => {
  it.each([...MODELS.keys()])('in %s is clean', async (name) => {
    const { verdict, context, format } = await scanBytes(model(name), name, SCANNERS);
    expect(verdict, [...context.reasons, ...context.ruleIds()].join()).toBe('clean');
    expect(context.format ?? format.id).toMatch(/^(?:xgboost-(?:json|ubj|binary)|lightgbm|catboost(?:-json)?)$/);
  });

  it.each([
    ['an XGBoost model with its keys in another order', 'xgboost-3.2.0-gbtree.json', reordered, 'xgboost-json'],
    ['a LightGBM model with its lines in another order', 'lightgbm-4.7.0-regression.txt', linesTurned, 'lightgbm'],
  ] as const)('is recognised in %s', async (_, name, change, expected) => {
    const { verdict, context, format } = await scanBytes(change(model(name)), 'data.json', SCANNERS);
    expect(context.format ?? format.id).toBe(expected);
    expect(verdict).toBe('clean');
  });

  it('with an index out of range is found in whatever order its keys stand', async () => {
    const bytes = reordered(edited('xgboost-3.2.0-gbtree.json', '"left_children":[1,', '"left_children":[99,'));
    const { verdict, context } = await scanBytes(bytes, 'data.json', SCANNERS);
    expect([verdict, context.ruleIds()]).toEqual(['suspicious', ['native-model.structure']]);
  });

  it('that hides its first lines is not taken for text', async () => {
    const text = Buffer.from(model('lightgbm-4.7.0-regression.txt')).toString('latin1');
    const bytes = Buffer.from(`tree\n${'x'.repeat(5_000)}\n${text.slice(5)}`, 'latin1');
    const { verdict, context } = await scanBytes(bytes, 'notes.txt', SCANNERS);
    expect(verdict).toBe('not-assessed');
    expect(context.checks.map(({ id }) => id)).toContain('format.lightgbm.scan');
  });

  it.each([
    ['xgboost-3.2.0-gbtree.json', '"feature_names":[]', '"feature_names":["<img src=x onerror=alert(1)>","b","c","d"]'],
    ['xgboost-3.2.0-gbtree.json', '"feature_names":[]', '"feature_names":["\\u003cscript>","b","c","d"]'],
    ['lightgbm-4.7.0-regression.txt', 'Column_0', '<svg/onload=alert(1)>'],
    ['catboost-1.2.8-symmetric.json', '"feature_id":""', '"feature_id":"<iframe src=javascript:alert(1)>"'],
  ])('with markup in a name is clean, and the name is a fact (%s)', async (name, from, to) => {
    const { verdict, context } = await scanBytes(sizesDropped(edited(name, from, to)), name, SCANNERS);
    expect([verdict, context.ruleIds()]).toEqual(['clean', ['native-model.markup']]);
  });

  it('that only dumps its trees for people is data', async () => {
    const dump = '[{"nodeid":0,"depth":0,"split":"f0","split_condition":0.5,"children":[{"nodeid":1,"leaf":0.1}]}]';
    const settings =
      '{"learner":{"gradient_booster":{"gbtree_train_param":{"updater":"x"},"name":"gbtree"}},"version":[3,0,5]}';
    for (const text of [dump, settings])
      expect((await scanBytes(Buffer.from(text), 'd.json', SCANNERS)).verdict).toBe('clean');
  });
});

/** The same document with the keys of each object in the opposite order. */
function reordered(bytes: Uint8Array): Uint8Array {
  const turn = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turn);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, inner]) => [key, turn(inner)]),
    );
  };
  return Buffer.from(JSON.stringify(turn(JSON.parse(Buffer.from(bytes).toString('utf8')))));
}

/** The header's lines after the first, in the opposite order. */
function linesTurned(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.indexOf('\n\nTree=0');
  const [first, ...rest] = text.slice(0, end).split('\n');
  return Buffer.from([first, ...rest.reverse()].join('\n') + text.slice(end), 'latin1');
}

/** Sizes of trees are optional. */
function sizesDropped(bytes: Uint8Array): Uint8Array {
  return Buffer.from(
    Buffer.from(bytes)
      .toString('latin1')
      .replace(/tree_sizes=[^\n]*\n/, ''),
    'latin1',
  );
}

describe('an XGBoost model is invalid when', () => {
  const JSON_MODEL = 'xgboost-3.2.0-gbtree.json';
  it.each([
    ['a child is not a node', '"left_children":[1,', '"left_children":[99,'],
    ['a child is its parent', '"left_children":[1,', '"left_children":[0,'],
    ['two nodes have one child', '"right_children":[2,', '"right_children":[1,'],
    ['a parent is not a node', '"parents":[2147483647,0,', '"parents":[2147483647,99999999,'],
    ['a split is on a missing feature', '"num_feature":"4","num_target"', '"num_feature":"0","num_target"'],
    ['a tree has fewer nodes than stated', '"num_nodes":"7"', '"num_nodes":"8"'],
    ['there are fewer trees than stated', '"num_trees":"2"', '"num_trees":"3"'],
    ['a tree is of a missing output', '"tree_info":[0,0]', '"tree_info":[0,7]'],
    ['rounds end beyond the trees', '"iteration_indptr":[0,1,2]', '"iteration_indptr":[0,1,9]'],
    ['a key is repeated', '"attributes":{}', '"attributes":{},"attributes":{}'],
  ])('%s', async (_, from, to) => {
    expect(await verdictOf('xgboost', edited(JSON_MODEL, from, to))).toBe('broken');
  });

  it('bytes follow it', async () => {
    const bytes = Buffer.concat([model('xgboost-3.2.0-gbtree.ubj'), Buffer.from([0])]);
    expect(await verdictOf('xgboost', bytes)).toBe('broken');
  });

  it('a UBJSON count is larger than the file', async () => {
    const bytes = Buffer.from(model('xgboost-3.2.0-gbtree.ubj'));
    bytes.writeBigInt64BE(2n ** 40n, bytes.indexOf('[$d#L') + 5);
    expect(await verdictOf('xgboost', bytes)).toBe('broken');
  });

  it('a weight of dart is missing', async () => {
    expect(
      await verdictOf('xgboost', edited('xgboost-3.2.0-dart.json', '"weight_drop":[1', '"weight_drop":[1,1')),
    ).toBe('broken');
  });

  it('it has an unknown member, which makes it unjudged', async () => {
    const bytes = edited(JSON_MODEL, '"attributes":{}', '"attributes":{},"news":{}');
    const { verdict } = await scanBytes(bytes, 'model.json', SCANNERS);
    expect(verdict).toBe('not-assessed');
  });

  it('a child in the binary format is not a node', async () => {
    const bytes = Buffer.from(model('xgboost-1.2.1-gbtree.bin'));
    // The root of the first tree: no parent, children 1 and 2.
    const root = bytes.indexOf(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 2, 0, 0, 0]));
    expect(root).toBeGreaterThan(0);
    bytes.writeInt32LE(1_000, root + 4);
    expect(await verdictOf('xgboost', bytes)).toBe('broken');
  });
});

describe('a LightGBM model is invalid when', () => {
  const NAME = 'lightgbm-4.7.0-regression.txt';
  it.each([
    ['a child is not a node', 'left_child=', 'left_child=9'],
    ['a feature is missing', 'max_feature_idx=3', 'max_feature_idx=0'],
    ['a tree is at another offset than stated', 'tree_sizes=', 'tree_sizes=1'],
    ['a tree has more leaves than stated', 'num_leaves=4', 'num_leaves=3'],
    ['iterations have no trees', 'num_tree_per_iteration=1', 'num_tree_per_iteration=0'],
    ['a line has no name', 'num_cat=0', 'num_cat 0'],
    ['a field is repeated', 'num_cat=0', 'num_cat=0\nnum_cat=0'],
    ['a NUL ends its text early', 'end of trees', '\0end of trees'],
  ])('%s', async (_, from, to) => {
    expect(await verdictOf('lightgbm', edited(NAME, from, to))).toBe('broken');
  });

  it('its objective writes more outputs than the model has', async () => {
    const bytes = edited('lightgbm-4.7.0-classes.txt', 'num_class:3', 'num_class:9');
    expect(await verdictOf('lightgbm', bytes)).toBe('broken');
  });
});

describe('a CatBoost model is invalid when', () => {
  it('its core is larger than the file', async () => {
    const bytes = Buffer.from(model('catboost-1.2.10-symmetric.cbm'));
    bytes.writeUInt32LE(0x7fffffff, 4);
    expect(await verdictOf('catboost', bytes)).toBe('broken');
  });

  it('its root table points outside the model', async () => {
    const bytes = Buffer.from(model('catboost-1.2.10-symmetric.cbm'));
    bytes.writeUInt32LE(0x7fffff00, 8);
    expect(await verdictOf('catboost', bytes)).toBe('broken');
  });

  it('bytes follow it', async () => {
    const bytes = Buffer.concat([model('catboost-1.2.10-symmetric.cbm'), Buffer.from('rest')]);
    expect(await verdictOf('catboost', bytes)).toBe('broken');
  });
});

describe('a CatBoost model in JSON is invalid when', () => {
  it.each([
    ['a split is on a condition that does not exist', 'symmetric', '"split_index":0', '"split_index":9999999'],
    ['a split is on a negative condition', 'symmetric', '"split_index":0', '"split_index":-5'],
    ['a split is on a part of a condition', 'symmetric', '"split_index":0', '"split_index":0.5'],
    ['a split has no index', 'symmetric', '"split_index":0', '"split_indices":0'],
    ['a split of another tree has an index out of range', 'lossguide', '"split_index":0', '"split_index":77'],
    ['a node has no left side', 'lossguide', '"left":', '"before":'],
    ['a node has neither a value nor sides', 'lossguide', '"value":', '"values":'],
    ['a leaf has several numbers, and others one', 'lossguide', '"value":', '"value":[1,2],"was":'],
    ['a key looks like a path to a node', 'lossguide', '"left":', '"left.value":1,"before":'],
    ['a list of leaves is too short', 'symmetric', '"leaf_values":', '"leaf_values":[1],"was":'],
    ['a feature has no column', 'symmetric', '"flat_feature_index":0', '"flat_feature_index":-1'],
    ['features do not ascend', 'symmetric', '"feature_index":1', '"feature_index":0'],
    ['rows of statistics are longer than stated', 'tables', '"hash_stride":3', '"hash_stride":2'],
    ['rows of statistics have no width', 'tables', '"hash_stride":3', '"hash_stride":0'],
    ['a statistic has no table', 'tables', '"identifier":"{', '"identifier":"{ '],
    [
      'a statistic asks for a class too many',
      'tables',
      '"ctr_type":"Buckets"',
      '"ctr_type":"Buckets","target_border_idx":9,"t":""',
    ],
    [
      'a statistic is of a feature that the model does not have',
      'tables',
      '"cat_feature_index":0',
      '"cat_feature_index":8',
    ],
    ['a key is repeated', 'symmetric', '"scale_and_bias":', '"scale_and_bias":[1,[0]],"scale_and_bias":'],
  ])('%s', async (_, name, from, to) => {
    const bytes = edited(`catboost-1.2.8-${name}.json`, from, to);
    expect(await verdictOf('catboost-json', bytes)).toBe('broken');
    expect((await scanBytes(bytes, 'model.json', SCANNERS)).verdict).toBe('suspicious');
  });

  it('it has features of texts, which makes it unjudged', async () => {
    const bytes = edited('catboost-1.2.8-symmetric.json', '"float_features":', '"text_features":[],"float_features":');
    expect(await verdictOf('catboost-json', bytes)).toBe('unknown-part');
  });
});

describe('a tokenizer is invalid when', () => {
  it('its character map points outside itself', async () => {
    const bytes = Buffer.from(TOKENIZER);
    // After the name of the rules: the tag of the map, its length, the trie's length, its first unit.
    const name = bytes.indexOf('nmt_nfkc');
    const map = name + 8 + 1 + 3;
    bytes.writeUInt32LE(0x7ffffe00, map + 4);
    expect(await verdictOf('sentencepiece', bytes)).toBe('broken');
  });

  it('its JSON is nested deeper than the library reads', async () => {
    const bytes = Buffer.from(`{"model":${'['.repeat(1_000)}${']'.repeat(1_000)}}`);
    await expect(verdictOf('tokenizers', bytes)).rejects.toMatchObject({ code: 'limit' });
  });
});

describe('the readers of native models', () => {
  it('accept no random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(...KINDS), async (bytes, kind) => {
        expect(await outcome(kind, bytes)).not.toBe('sound');
      }),
      { numRuns: 300 },
    );
  });

  it('give a verdict for every changed byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(255), fc.constantFrom(...MODELS.keys()), async (at, byte, name) => {
        const bytes = Uint8Array.from(model(name));
        bytes[at % bytes.length] = byte;
        const kind = kindOf(name);
        expect(['sound', 'broken', 'unknown-part', 'limit']).toContain(await outcome(kind, bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('do not accept a truncated model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom(...MODELS.keys()), async (at, name) => {
        const bytes = model(name);
        // The trees of a LightGBM model are followed by settings, which its libraries do not read.
        const end = name.startsWith('lightgbm') ? Buffer.from(bytes).indexOf('end of trees') : bytes.length;
        const kind = kindOf(name);
        expect(await outcome(kind, bytes.subarray(0, at % end))).not.toBe('sound');
      }),
      { numRuns: 200 },
    );
  });
});

function kindOf(name: string): NativeModel {
  if (/^catboost.*\.json$/.test(name)) return 'catboost-json';
  return KINDS.find((candidate) => name.startsWith(candidate)) ?? 'xgboost';
}

async function outcome(kind: NativeModel, bytes: Uint8Array): Promise<string> {
  try {
    return await verdictOf(kind, bytes);
  } catch (error) {
    expect(error).toMatchObject({ code: 'limit' });
    return 'limit';
  }
}
