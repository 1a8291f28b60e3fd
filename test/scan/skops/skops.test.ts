import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { parseSchema, readSkops } from '../../../src/formats/skops/index.ts';
import { type Built, buildZip } from '../../support/containers.ts';
import { fixtureFiles } from '../../support/scan-bytes.ts';
import { scanDeep } from '../../support/scan-deep.ts';

const MODELS = fixtureFiles('fixtures/skops');

type Node = Record<string, unknown>;
const node = (loader: string, module: string, name: string, more: Node = {}): Node => ({
  __class__: name,
  __module__: module,
  __loader__: loader,
  ...more,
});
const json = (value: unknown): Node => node('JsonNode', 'builtins', 'str', { content: JSON.stringify(value) });
const tuple = (...items: Node[]): Node => node('TupleNode', 'builtins', 'tuple', { content: items });
const list = (...items: Node[]): Node => node('ListNode', 'builtins', 'list', { content: items });
const type = (module: string, name: string): Node => node('TypeNode', module, name);
const dict = (content: Record<string, Node>, keyTypes?: Node[]): Node =>
  node('DictNode', 'builtins', 'dict', {
    content,
    key_types: list(...(keyTypes ?? Object.keys(content).map(() => type('builtins', 'str')))),
  });
const system = node('FunctionNode', 'os', 'system');
const scaler = (attrs: Record<string, Node>): Node =>
  node('ObjectNode', 'sklearn.preprocessing._data', 'StandardScaler', { content: dict(attrs) });

function skops(root: unknown, more: readonly Built[] = []): Uint8Array {
  return buildZip([{ name: 'schema.json', data: typeof root === 'string' ? root : JSON.stringify(root) }, ...more]);
}

const rooted = (root: Node, protocol = 2): Node => ({ ...root, protocol, _skops_version: '0.14.0' });

describe('a model that skops saved', () => {
  it.each([...MODELS.keys()])('is clean: %s', async (name) => {
    const found = await scanDeep(MODELS.get(name) ?? new Uint8Array(), name);
    expect([found.verdict, found.format], found.messages.join('\n')).toEqual(['clean', 'skops']);
  });

  it('holds plain data where it is made by hand', async () => {
    expect((await scanDeep(skops(rooted(scaler({ mean_: json(1.5) }))), 'm.skops')).verdict).toBe('clean');
  });
});

describe('a skops file that acts is malicious:', () => {
  it.each([
    ['a function of the system', system],
    ['a function as a type', type('os', 'system')],
    [
      'a call through the reduced form',
      node('ConstructorFromReduceNode', 'os', 'system', { content: tuple(json('id')) }),
    ],
    ['an object of a module that runs programs', node('ObjectNode', 'subprocess', 'Popen', { content: dict({}) })],
    ['a list whose class is a function', node('ListNode', 'os', 'system', { content: [json('id')] })],
    ['a set whose class is a function', node('SetNode', 'builtins', 'eval', { content: [json('1')] })],
    ['a tuple whose class is a function', node('TupleNode', 'builtins', 'exec', { content: [json('1')] })],
    ['a dict whose class is a function', node('DictNode', 'os', 'abort', { content: {}, key_types: list() })],
    ['a key whose type is a function', dict({ id: json(1) }, [type('os', 'system')])],
    [
      'a default that is a function',
      node('DefaultDictNode', 'collections', 'defaultdict', {
        content: { main: dict({}), default_factory: type('os', 'getcwd') },
      }),
    ],
    [
      'a partial of a function',
      node('PartialNode', 'functools', 'partial', {
        content: { func: system, args: tuple(json('id')), kwds: dict({}), namespace: dict({}) },
      }),
    ],
    [
      'a method of an object',
      node('MethodNode', 'sklearn.preprocessing._data', 'StandardScaler', {
        content: { func: '__reduce__', obj: scaler({}) },
      }),
    ],
    [
      'a method that is checked as another class',
      node('MethodNode', 'builtins', 'int', { content: { func: 'fit', obj: scaler({}) } }),
    ],
    ['an operator that calls', node('OperatorFuncNode', 'operator', 'methodcaller', { attrs: tuple(json('system')) })],
    [
      'an operator that is checked as another module',
      node('OperatorFuncNode', 'sklearn.linear_model', 'call', { attrs: tuple(system, json('id')) }),
    ],
    [
      'an array whose class is a function',
      node('NdArrayNode', 'os', 'system', { type: 'json', content: [], shape: tuple(json(0)) }),
    ],
    ['a tree of another class', node('TreeNode', 'os', 'abort', { __reduce__: { args: tuple() }, content: dict({}) })],
    [
      'a loss of another module',
      node('LossNode', 'os', 'system', { __reduce__: { args: tuple(json('id')) }, content: dict({}) }),
    ],
    ['a random state of another class', node('RandomStateNode', 'os', 'abort', { content: dict({}) })],
    [
      'a generator of another class',
      node('RandomGeneratorNode', 'os', 'abort', {
        content: { bit_generator: dict({ bit_generator: json('PCG64') }), seed_seq: dict({}) },
      }),
    ],
    ['a function in a listed object', scaler({ mean_: system })],
    ['a loader that does not exist', node('EvilNode', 'os', 'system')],
  ])('%s', async (_, root) => {
    for (const protocol of [0, 1, 2])
      expect((await scanDeep(skops(rooted(root, protocol)), 'm.skops')).verdict).toBe('malicious');
  });

  it('a function that only the releases of protocol 0 import', async () => {
    const root = node('FunctionNode', 'numpy', 'sin', { content: { module_path: 'os', function: 'system' } });
    for (const protocol of [0, 2])
      expect((await scanDeep(skops(rooted(root, protocol)), 'm.skops')).verdict).toBe('malicious');
  });

  it('a function that a later node takes by the id of an earlier one', async () => {
    const root = list({ ...system, __id__: 7 }, { ...json(1), __id__: 7 });
    expect((await scanDeep(skops(rooted(root)), 'm.skops')).verdict).toBe('malicious');
  });

  it('a pickle beside the schema, and one in an array', async () => {
    const pickle = Buffer.from('\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.', 'latin1');
    const found = await scanDeep(skops(rooted(json(1)), [{ name: 'model.pkl', data: pickle }]), 'm.skops');
    expect(found.verdict).toBe('malicious');
    const header = Buffer.from(
      "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117, ' ').concat('\n'),
    );
    const npy = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([118, 0]), header, pickle]);
    const array = node('NdArrayNode', 'numpy', 'ndarray', { type: 'numpy', file: 'a.npy' });
    expect((await scanDeep(skops(rooted(array), [{ name: 'a.npy', data: npy }]), 'm.skops')).verdict).toBe('malicious');
  });
});

describe('a skops file that is odd is suspicious at least:', () => {
  it.each([
    ['a class on no list', rooted(node('ObjectNode', 'acme.models', 'Model', { content: dict({}) }))],
    [
      'a bit generator on no list',
      rooted(
        node('RandomGeneratorNode', 'numpy.random', 'Generator', {
          content: { bit_generator: dict({ bit_generator: json('test') }) },
        }),
      ),
    ],
    ['two different nodes with one id', rooted(list({ ...json(1), __id__: 1 }, { ...list(), __id__: 1 }))],
    ['a node that holds itself', rooted({ ...list({ ...list(), __id__: 1 }), __id__: 1 })],
    ['a member that is not there', rooted(node('BytesNode', 'builtins', 'bytes', { file: 'x.bin' }))],
    ['a text of JSON that is not JSON', rooted(node('JsonNode', 'builtins', 'str', { content: '{' }))],
    ['a list that is not a list', rooted(node('ListNode', 'builtins', 'list', { content: {} }))],
    ['a node without a loader', rooted(list({ __class__: 'a', __module__: 'b' }))],
    [
      'a key that is there twice',
      '{"__loader__":"JsonNode","__module__":"builtins","__class__":"str","content":"1","content":"2","protocol":2}',
    ],
  ])('%s', async (_, root) => {
    expect(['suspicious', 'unknown', 'malicious']).toContain((await scanDeep(skops(root), 'm.skops')).verdict);
  });

  it('a schema of another kind is not assessed', async () => {
    const found = await scanDeep(skops('{"type":"object"}'), 'm.zip');
    expect([found.verdict, found.reasons]).toEqual(['not-assessed', ['format.skops.scan']]);
  });

  it('a schema that is nested deeper than it may be is not clean', async () => {
    const deep = `${'{"__loader__":"ListNode","__module__":"builtins","__class__":"list","content":['.repeat(900)}${']}'.repeat(900)}`;
    expect((await scanDeep(skops(deep), 'm.skops')).verdict).not.toBe('clean');
  });
});

describe('the reader of skops', () => {
  it('throws nothing but errors of the content, whatever a schema holds, and releases its memory', async () => {
    const text = fc.constantFrom('os', 'system', 'builtins', 'dict', 'numpy', 'ndarray', '', '__class__');
    const loader = fc.constantFrom(
      'DictNode',
      'ListNode',
      'JsonNode',
      'NdArrayNode',
      'TreeNode',
      'PartialNode',
      'FunctionNode',
      'SliceNode',
      'X',
    );
    const { root } = fc.letrec((tie) => ({
      root: fc.record(
        {
          __loader__: loader,
          __module__: text,
          __class__: text,
          __id__: fc.nat(3),
          content: tie('any'),
          key_types: tie('any'),
          attrs: tie('any'),
          type: fc.constantFrom('json', 'numpy'),
          file: text,
          shape: tie('any'),
        },
        { requiredKeys: ['__loader__'] },
      ),
      any: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        tie('root'),
        fc.array(tie('root'), { maxLength: 3 }),
        fc.dictionary(text, tie('root'), { maxKeys: 3 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(root, async (value) => {
        const bytes = Buffer.from(JSON.stringify(value));
        const budget = new FileBudget(DEFAULT_LIMITS, bytes.length);
        const schema = parseSchema(bytes, 'schema.json', budget);
        try {
          if (schema !== undefined) (await readSkops(schema.root, async () => undefined, budget)).close();
        } catch (error) {
          expect(isContentError(error), String(error)).toBe(true);
        }
        schema?.release();
        expect(budget.held).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
