import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkpointScanner, tensorflowScanner } from '../../../src/scan/tensorflow/scanner.ts';
import { scanBytes } from '../../support/scan-bytes.ts';
import {
  asset,
  attribute,
  collection,
  constant,
  emptyTensor,
  functionDef,
  graphDef,
  node,
  proto,
  savedModel,
  saver,
  signature,
  texts,
} from '../../support/tensorflow-graphs.ts';

async function scan(bytes: Uint8Array) {
  const { verdict, format, context } = await scanBytes(bytes, 'saved_model.pb', [tensorflowScanner], true);
  return { verdict, format: format.id, rules: [...new Set(context.ruleIds())].sort(), context };
}

const PLAIN = [node('x', 'Placeholder'), node('m', 'MatMul', ['x', 'x'])];
const model = (...nodes: readonly Uint8Array[]) => savedModel(graphDef([...PLAIN, ...nodes]));
const withFunction = (nodes: readonly Uint8Array[], ...functions: readonly Uint8Array[]) =>
  savedModel(graphDef([...PLAIN, ...nodes], functions));
const SAVER = saver('saver_filename:0', 'restore');
const FED = node('saver_filename', 'Placeholder');
const EVIL = graphDef([node('w', 'WriteFile', ['a', 'b'])]);
const call = (name: string, called: string, ...inputs: readonly string[]) =>
  node(name, 'StatefulPartitionedCall', inputs, { f: attribute.function(called) });

const DANGEROUS = 'tensorflow.dangerous-operator';
const UNLISTED = 'tensorflow.unlisted-operator';
const OUTSIDE = 'tensorflow.path-outside';
const ARGUMENT = 'tensorflow.argument';
const STRUCTURE = 'tensorflow.structure';

type Case = readonly [title: string, bytes: Uint8Array, verdict: string, rule?: string];

const operators: readonly Case[] = [
  ...['ReadFile', 'WriteFile', 'PyFunc', 'PyFuncStateless', 'EagerPyFunc', 'LoadLibrary', 'ImmutableConst'].map(
    (op): Case => [`with ${op}`, model(node('e', op, ['x'])), 'malicious', DANGEROUS],
  ),
  ...['DumpTensor', 'RpcClient', 'RpcServerStart', 'DataServiceDatasetV4', 'WholeFileReaderV2'].map(
    (op): Case => [`with ${op}`, model(node('e', op, ['x'])), 'malicious', DANGEROUS],
  ),
  ...[
    'MatchingFiles',
    'TextLineDataset',
    'TFRecordDatasetV2',
    'CSVDataset',
    'SqlDataset',
    'LMDBReader',
    'LoadDataset',
    'SaveDatasetV2',
    'SnapshotDatasetV2',
    'CacheDatasetV2',
    'CreateSummaryFileWriter',
    'CreateSummaryDbWriter',
    'WriteSummary',
    'DatasetToTFRecord',
    'DatasetFromGraph',
    'DeserializeIterator',
    'IteratorFromStringHandleV2',
    'RemoteCall',
    'CollectiveReduceV3',
    'RegisterDatasetV2',
    'DebugIdentityV3',
    'Copy',
    'XlaCallModule',
    'XlaCustomCallV2',
    'Abort',
    'FileSystemSetConfiguration',
    'GenerateVocabRemapping',
    'LoadAndRemapMatrix',
    'Skipgram',
    'NoSuchOperator',
    'Const ',
    'const',
    'MatMul\u200b',
    'Company>Op',
  ].map((op): Case => [`with ${JSON.stringify(op)}`, model(node('e', op, ['x'])), 'suspicious', UNLISTED]),
  ['with an operator without a name', model(node('e', '')), 'suspicious', UNLISTED],
  [
    'in a function that nothing calls',
    withFunction([], functionDef('f', [], node('e', 'ReadFile'))),
    'malicious',
    DANGEROUS,
  ],
  [
    'in a function of a function',
    withFunction(
      [call('c', 'f')],
      functionDef('f', [], call('g', 'g')),
      functionDef('g', [], node('e', 'EagerPyFunc')),
    ),
    'malicious',
    DANGEROUS,
  ],
  [
    'named as a function',
    model(node('c', 'PartitionedCall', [], { f: attribute.function('WriteFile') })),
    'malicious',
    DANGEROUS,
  ],
  [
    'among the functions of a Case',
    model(node('c', 'Case', ['x'], { branches: attribute.functions('f', 'ReadFile') })),
    'malicious',
    DANGEROUS,
  ],
  [
    'named by an attribute of a function',
    model(
      node('c', 'PartitionedCall', [], {
        f: proto([10, proto([1, 'MatMul'], [2, proto([1, 'g'], [2, attribute.function('PyFunc')])])]),
      }),
    ),
    'malicious',
    DANGEROUS,
  ],
  [
    'in a second graph',
    proto([1, 1], [2, proto([1, proto([4, 'serve'])], [2, graphDef(PLAIN)])], [2, proto([2, EVIL])]),
    'malicious',
    DANGEROUS,
  ],
  ['in a graph that comes twice', savedModel(graphDef(PLAIN), [2, EVIL]), 'malicious', DANGEROUS],
  [
    'in a function library that comes twice',
    savedModel(proto([1, PLAIN[0] ?? ''], [2, proto()], [2, proto([1, functionDef('f', [], node('e', 'ReadFile'))])])),
    'malicious',
    DANGEROUS,
  ],
  ['named by the second of two names', model(proto([1, 'e'], [2, 'NoOp'], [2, 'ReadFile'])), 'malicious', DANGEROUS],
  ['hidden by the second of two names', model(proto([1, 'e'], [2, 'ReadFile'], [2, 'NoOp'])), 'suspicious', STRUCTURE],
];

const nested: readonly Case[] = [
  ['in a constant', model(constant('c', EVIL)), 'malicious', DANGEROUS],
  [
    'in the hundredth text of a constant',
    model(
      constant(
        'c',
        ...Array.from({ length: 99 }, (_, at) => `word ${at}`),
        graphDef([...PLAIN, node('w', 'WriteFile', ['a', 'b'])]),
      ),
    ),
    'malicious',
    DANGEROUS,
  ],
  [
    'in a long constant',
    model(
      constant(
        'c',
        graphDef([
          node('pad', 'Const', [], { value: attribute.tensor(texts('p'.repeat(40_000))) }),
          node('w', 'WriteFile'),
        ]),
      ),
    ),
    'malicious',
    DANGEROUS,
  ],
  ['in a constant of a function', withFunction([], functionDef('f', [], constant('c', EVIL))), 'malicious', DANGEROUS],
  ['in a text of an attribute', model(node('e', 'NoOp', [], { _graph: attribute.text(EVIL) })), 'malicious', DANGEROUS],
  [
    'in a list of an attribute',
    model(node('e', 'NoOp', [], { _graphs: proto([1, proto([2, EVIL])]) })),
    'malicious',
    DANGEROUS,
  ],
  [
    'in a graph in a graph',
    model(constant('c', graphDef([constant('d', EVIL), node('y', 'NoOp')]))),
    'malicious',
    DANGEROUS,
  ],
  [
    'in a function of a graph in a constant',
    model(constant('c', graphDef([], [functionDef('f', [], node('e', 'PyFunc'))]))),
    'malicious',
    DANGEROUS,
  ],
  [
    'in a default of a signature',
    savedModel(graphDef(PLAIN), [5, proto([1, 's'], [2, proto([4, proto([1, 'x'], [2, texts(EVIL)])])])]),
    'malicious',
    DANGEROUS,
  ],
  ['that computes only', model(constant('c', graphDef(PLAIN))), 'clean'],
];

const paths: readonly Case[] = [
  [
    'restores from an absolute path',
    model(constant('p', '/etc/passwd'), node('r', 'RestoreV2', ['p', 'x', 'x'])),
    'malicious',
    OUTSIDE,
  ],
  [
    'restores from above',
    model(constant('p', 'a/../../b'), node('r', 'RestoreV2', ['p', 'x', 'x'])),
    'malicious',
    OUTSIDE,
  ],
  [
    'restores from an address',
    model(constant('p', 'gs://bucket/model'), node('r', 'RestoreV2', ['p', 'x', 'x'])),
    'malicious',
    OUTSIDE,
  ],
  [
    'restores from another relative path',
    model(constant('p', 'other'), node('r', 'RestoreV2', ['p', 'x', 'x'])),
    'suspicious',
    ARGUMENT,
  ],
  [
    'saves to an absolute path',
    model(constant('p', '/home/u/.bashrc'), node('s', 'SaveV2', ['p', 'x', 'x', 'x'])),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves to a path of two constants',
    model(
      constant('a', '/ho'),
      constant('b', 'me/u/x'),
      node('j', 'StringJoin', ['a', 'b']),
      node('s', 'SaveV2', ['j', 'x', 'x', 'x']),
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves to a path behind identities',
    model(
      constant('a', '/x'),
      node('i', 'Identity', ['a']),
      node('k', 'Identity', ['i']),
      node('s', 'SaveV2', ['k:0', 'x', 'x', 'x']),
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves to a path that is computed',
    model(constant('a', 'eA=='), node('d', 'DecodeBase64', ['a']), node('s', 'SaveV2', ['d', 'x', 'x', 'x'])),
    'suspicious',
    ARGUMENT,
  ],
  [
    'saves to a path of its caller',
    savedModel(
      graphDef([...PLAIN, node('s', 'SaveV2', ['x', 'm', 'm', 'm'])]),
      signature('serving_default', ['x'], ['m']),
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'saves to the fed path, which a signature also takes',
    savedModel(
      graphDef([FED, node('s', 'SaveV2', ['saver_filename', 'x', 'x', 'x'])]),
      SAVER,
      signature('serving_default', ['saver_filename'], ['y']),
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'saves beside the fed path',
    savedModel(
      graphDef([
        FED,
        constant('b', '/../../etc/cron.d/x'),
        node('j', 'StringJoin', ['saver_filename', 'b']),
        node('s', 'SaveV2', ['j', 'x', 'x', 'x']),
      ]),
      SAVER,
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'merges to an absolute path',
    savedModel(
      graphDef([FED, constant('p', '/etc/x'), node('s', 'MergeV2Checkpoints', ['saver_filename', 'p'])]),
      SAVER,
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves where one choice is outside',
    savedModel(
      graphDef([
        FED,
        constant('p', '/etc/x'),
        node('c', 'Select', ['x', 'saver_filename', 'p']),
        node('s', 'SaveV2', ['c', 'x', 'x', 'x']),
      ]),
      SAVER,
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves to a default outside',
    model(
      constant('p', '/etc/x'),
      node('save/Const', 'PlaceholderWithDefault', ['p']),
      node('s', 'SaveV2', ['save/Const', 'x', 'x', 'x']),
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves with a loop as path',
    model(node('i', 'Identity', ['k']), node('k', 'Identity', ['i']), node('s', 'SaveV2', ['k', 'x', 'x', 'x'])),
    'suspicious',
    ARGUMENT,
  ],
  ['saves with the wrong number of inputs', model(node('s', 'MergeV2Checkpoints', ['x'])), 'suspicious', ARGUMENT],
  [
    'saves in a function with a path of its caller, outside',
    withFunction(
      [constant('p', '/etc/x'), call('c', 'f', 'p')],
      functionDef('f', ['path'], node('s', 'SaveV2', ['path', 'a', 'b', 'c'])),
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves two functions deep',
    withFunction(
      [constant('p', '/etc/x'), call('c', 'f', 'p')],
      functionDef('f', ['a'], call('g', 'g', 'a')),
      functionDef('g', ['b'], node('s', 'SaveV2', ['b', 'a', 'b', 'c'])),
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves in a function that is called by name',
    withFunction(
      [constant('p', '/etc/x'), node('c', 'f', ['p'])],
      functionDef('f', ['path'], node('s', 'SaveV2', ['path', 'a', 'b', 'c'])),
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'saves in a function that a loop calls',
    withFunction(
      [
        constant('p', '/etc/x'),
        node('c', 'While', ['p'], { body: attribute.function('f'), cond: attribute.function('f') }),
      ],
      functionDef('f', ['path'], node('s', 'SaveV2', ['path', 'a', 'b', 'c'])),
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'saves in a function that nothing calls',
    withFunction([], functionDef('f', ['path'], node('s', 'SaveV2', ['path', 'a', 'b', 'c']))),
    'suspicious',
    ARGUMENT,
  ],
  [
    'fills a table from an absolute path',
    model(
      node('h', 'HashTableV2'),
      constant('p', '/etc/shadow'),
      node('t', 'InitializeTableFromTextFileV2', ['h', 'p']),
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'fills a table from a relative path that is not an asset',
    model(
      node('h', 'HashTableV2'),
      constant('p', 'vocabulary'),
      node('t', 'InitializeTableFromTextFileV2', ['h', 'p']),
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'fills a table from a path of its caller',
    model(node('h', 'HashTableV2'), node('t', 'InitializeTableFromTextFileV2', ['h', 'x'])),
    'suspicious',
    ARGUMENT,
  ],
  [
    'fills a table from a variable that is assigned twice',
    savedModel(
      graphDef([
        node('a', 'Placeholder'),
        constant('p', '/etc/shadow'),
        node('v', 'VarHandleOp'),
        node('s1', 'AssignVariableOp', ['v', 'a']),
        node('s2', 'AssignVariableOp', ['v', 'p']),
        node('r', 'ReadVariableOp', ['v']),
        node('h', 'HashTableV2'),
        node('t', 'InitializeTableFromTextFileV2', ['h', 'r']),
      ]),
      asset('a:0', 'words.txt'),
    ),
    'malicious',
    OUTSIDE,
  ],
  [
    'fills a table from a variable that another operator is given',
    savedModel(
      graphDef([
        node('a', 'Placeholder'),
        node('v', 'VarHandleOp'),
        node('s1', 'AssignVariableOp', ['v', 'a']),
        node('s2', 'ResourceScatterUpdate', ['v', 'x', 'x']),
        node('r', 'ReadVariableOp', ['v']),
        node('h', 'HashTableV2'),
        node('t', 'InitializeTableFromTextFileV2', ['h', 'r']),
      ]),
      asset('a:0', 'words.txt'),
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'has an asset above its folder',
    savedModel(graphDef(PLAIN), asset('a:0', '../../../etc/passwd')),
    'malicious',
    OUTSIDE,
  ],
  [
    'has an asset with an absolute path',
    savedModel(graphDef(PLAIN), asset('a:0', '/etc/passwd')),
    'malicious',
    OUTSIDE,
  ],
  [
    'has an asset above its folder in a collection',
    savedModel(graphDef(PLAIN), [
      4,
      proto(
        [1, 'saved_model_assets'],
        [
          2,
          proto([
            5,
            proto([
              1,
              proto(
                [1, 'type.googleapis.com/tensorflow.AssetFileDef'],
                [2, proto([1, proto([1, 'a:0'])], [2, '../x'])],
              ),
            ]),
          ]),
        ],
      ),
    ]),
    'malicious',
    OUTSIDE,
  ],
  [
    'prints to a file',
    model(node('p', 'PrintV2', ['x'], { output_stream: attribute.text('file:///home/u/.bashrc') })),
    'malicious',
    OUTSIDE,
  ],
  [
    'prints to an unknown stream',
    model(node('p', 'PrintV2', ['x'], { output_stream: attribute.text('log(other)') })),
    'suspicious',
    ARGUMENT,
  ],
  [
    'samples by a file',
    model(node('s', 'FixedUnigramCandidateSampler', ['x'], { vocab_file: attribute.text('/etc/passwd') })),
    'malicious',
    OUTSIDE,
  ],
  [
    'reads descriptors from a file',
    model(node('d', 'DecodeProtoV2', ['x'], { descriptor_source: attribute.text('/etc/passwd') })),
    'malicious',
    OUTSIDE,
  ],
  [
    'configures custom optimizers',
    withFunction(
      [
        node('c', 'PartitionedCall', [], {
          f: attribute.function('f'),
          config_proto: attribute.text(proto([10, proto([10, proto([200, proto([1, 'Evil'])])])])),
        }),
      ],
      functionDef('f', []),
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'configures servers',
    withFunction(
      [
        node('c', 'PartitionedCall', [], {
          f: attribute.function('f'),
          config_proto: attribute.text(proto([14, proto([1, 'job'])])),
        }),
      ],
      functionDef('f', []),
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'saves where it is restored',
    savedModel(
      graphDef([FED, node('s', 'SaveV2', ['saver_filename', 'x', 'x', 'x']), node('restore', 'NoOp', ['^s'])]),
      SAVER,
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'saves where it is initialised',
    savedModel(
      graphDef([FED, node('s', 'SaveV2', ['saver_filename', 'x', 'x', 'x']), node('init', 'NoOp', ['^s'])]),
      SAVER,
      collection('saved_model_main_op', 'init'),
    ),
    'suspicious',
    ARGUMENT,
  ],
  [
    'saves where it is called, in a function',
    savedModel(
      graphDef(
        [FED, node('y', 'StatefulPartitionedCall', ['saver_filename'], { f: attribute.function('f') })],
        [functionDef('f', ['p'], node('s', 'SaveV2', ['p', 'a', 'b', 'c']))],
      ),
      SAVER,
      signature('serving_default', [], ['y']),
    ),
    'suspicious',
    ARGUMENT,
  ],
];

const structures: readonly Case[] = [
  ['has an unknown field', savedModel(graphDef(PLAIN), [99, 'x']), 'suspicious', STRUCTURE],
  ['has an unknown field in a node', model(proto([1, 'e'], [2, 'NoOp'], [77, 'x'])), 'suspicious', STRUCTURE],
  ['has a name that is a number', model(proto([1, 'e'], [2, 5])), 'suspicious', STRUCTURE],
  [
    'has an attribute twice',
    model(
      proto(
        [1, 'e'],
        [2, 'NoOp'],
        [5, proto([1, 'a'], [2, attribute.type(1)])],
        [5, proto([1, 'a'], [2, attribute.type(2)])],
      ),
    ),
    'suspicious',
    STRUCTURE,
  ],
  [
    'has an attribute with two values',
    model(node('e', 'NoOp', [], { _a: proto([6, 1], [2, 'x']) })),
    'suspicious',
    STRUCTURE,
  ],
  ['has two nodes of one name', model(node('m', 'NoOp')), 'suspicious', STRUCTURE],
  [
    'has two functions of one name',
    withFunction([], functionDef('f', []), functionDef('f', [])),
    'suspicious',
    STRUCTURE,
  ],
  ['has a function named as an operator', withFunction([], functionDef('MatMul', [])), 'suspicious', STRUCTURE],
  [
    'has a function named as a refused operator',
    withFunction([node('e', 'ReadFile')], functionDef('ReadFile', [])),
    'suspicious',
    STRUCTURE,
  ],
  [
    'has an attribute that no operator has',
    model(node('e', 'NoOp', [], { payload: attribute.text('x') })),
    'suspicious',
    STRUCTURE,
  ],
  [
    'has a huge constant',
    model(node('e', 'Const', [], { value: attribute.tensor(emptyTensor(1, 1 << 20, 1 << 20)) })),
    'suspicious',
    STRUCTURE,
  ],
  [
    'has a constant of a size beyond 53 bits',
    model(node('e', 'Const', [], { value: attribute.tensor(emptyTensor(1, 1n << 62n)) })),
    'suspicious',
    STRUCTURE,
  ],
  [
    'has a constant of a negative size',
    model(node('e', 'Const', [], { value: attribute.tensor(emptyTensor(1, -1n)) })),
    'suspicious',
    STRUCTURE,
  ],
  [
    'has a constant that is a resource',
    model(node('e', 'Const', [], { value: attribute.tensor(emptyTensor(20)) })),
    'suspicious',
    STRUCTURE,
  ],
  [
    'has a constant that is an object',
    model(node('e', 'Const', [], { value: attribute.tensor(emptyTensor(21)) })),
    'suspicious',
    STRUCTURE,
  ],
  [
    'has a message of another kind in a collection',
    savedModel(graphDef(PLAIN), [
      4,
      proto([1, 'c'], [2, proto([5, proto([1, proto([1, 'type.googleapis.com/x.Y'], [2, 'z'])])])]),
    ]),
    'suspicious',
    STRUCTURE,
  ],
  ['has a text that is not UTF-8', model(proto([1, Uint8Array.of(0xff, 0xfe)], [2, 'NoOp'])), 'suspicious', STRUCTURE],
  ['names a node as long as a page of memory', model(node('n'.repeat(20_000), 'NoOp')), 'unknown'],
  [
    'hides the inputs of an operator in a name that is too long',
    model(constant('p', '/etc/x'), node('s', 'SaveV2', ['p', 'i'.repeat(20_000)])),
    'unknown',
  ],
  [
    'has a group, which libraries skip',
    model(node('e', 'NoOp'), Buffer.from([0x1b, 0x08, 0x01, 0x1c])),
    'suspicious',
    STRUCTURE,
  ],
  ['names an operator that is too long', model(node('n', 'O'.repeat(20_000))), 'unknown'],
  ['ends within a node', model(node('e', 'NoOp')).subarray(0, -3), 'unknown'],
];

const good: readonly Case[] = [
  ['computes', model(), 'clean'],
  [
    'prints to a standard stream',
    model(node('p', 'PrintV2', ['x'], { output_stream: attribute.text('stderr') })),
    'clean',
  ],
  [
    'restores from the path of its loader',
    savedModel(graphDef([FED, node('restore', 'RestoreV2', ['saver_filename', 'x', 'x'])]), SAVER),
    'clean',
  ],
  [
    'reads an asset',
    savedModel(
      graphDef([
        node('a', 'Placeholder'),
        node('h', 'HashTableV2'),
        node('t', 'InitializeTableFromTextFileV2', ['h', 'a']),
      ]),
      asset('a:0', 'words.txt'),
    ),
    'clean',
  ],
  [
    'calls a function by its name',
    withFunction([node('c', 'f', ['x'])], functionDef('f', ['a'], node('i', 'Identity', ['a']))),
    'clean',
  ],
  [
    'has a variable and words about files',
    model(node('v', 'VarHandleOp'), constant('c', '/etc/passwd', 'ReadFile')),
    'clean',
  ],
];

const named = (cases: readonly Case[]) =>
  cases.map(([title, bytes, verdict, rule]) => ({ title, bytes, verdict, rule }));

describe('a graph of TensorFlow with an operator', () => {
  it.each(named(operators))('$title is $verdict', async ({ bytes, verdict, rule }) => {
    const scanned = await scan(bytes);
    expect(scanned.verdict).toBe(verdict);
    if (rule !== undefined) expect(scanned.rules).toContain(rule);
  });
});

describe('a graph of TensorFlow with a graph', () => {
  it.each(named(nested))('$title is $verdict', async ({ bytes, verdict, rule }) => {
    const scanned = await scan(bytes);
    expect(scanned.verdict).toBe(verdict);
    if (rule !== undefined) expect(scanned.rules).toContain(rule);
  });
});

describe('a SavedModel that', () => {
  it.each(named([...paths, ...structures, ...good]))('$title is $verdict', async ({ bytes, verdict, rule }) => {
    const scanned = await scan(bytes);
    expect(scanned.verdict).toBe(verdict);
    if (rule !== undefined) expect(scanned.rules).toContain(rule);
  });

  const describing = (metadata: string) => {
    const user = proto([1, '_tf_keras_sequential'], [3, metadata]);
    return savedModel(graphDef(PLAIN), [7, proto([1, proto([4, user])])]);
  };
  const lambda = {
    class_name: 'Lambda',
    config: { name: 'l', function: ['4wEAAAA=', null, null], function_type: 'lambda' },
  };
  const dense = { class_name: 'Dense', config: { name: 'd', units: 2, activation: 'linear' } };

  it('describes layers of Keras is clean', async () => {
    expect((await scan(describing(JSON.stringify(dense)))).verdict).toBe('clean');
  });

  it('describes a layer that runs code is malicious', async () => {
    expect((await scan(describing(JSON.stringify(lambda)))).verdict).toBe('malicious');
    const long = { class_name: 'Sequential', config: { name: 'x'.repeat(40_000), layers: [dense, lambda] } };
    expect((await scan(describing(JSON.stringify(long)))).verdict).toBe('malicious');
  });

  it('holds a pickle in a collection has it scanned', async () => {
    const pickle = Buffer.from('\x80\x04cos\nsystem\n\x8c\x02idR.', 'latin1');
    const kept = [4, proto([1, 'extra'], [2, proto([2, proto([1, pickle])])])] as const;
    const { context } = await scan(savedModel(graphDef(PLAIN), kept));
    expect(context.members.map(({ name }) => name)).toEqual(['collection/extra']);
  });
});

describe('a file that two loaders read', () => {
  /** A GraphDef of harmless nodes, whose library is a MetaGraphDef for a loader of a SavedModel. */
  const twofold = (graph: Uint8Array) =>
    Buffer.concat([graphDef(PLAIN), proto([2, proto([1, proto([4, 'serve'])], [2, graph])])]);

  it('is judged as the SavedModel that its name says', async () => {
    const { format, verdict, rules } = await scan(twofold(EVIL));
    expect(format).toBe('tf-saved-model');
    expect(verdict).toBe('malicious');
    expect(rules).toContain(DANGEROUS);
  });

  it('is judged as a SavedModel under any other name as well', async () => {
    const scanned = await scanBytes(twofold(EVIL), 'graph.pb', [tensorflowScanner], true);
    expect(scanned.format.id).toBe('tf-graph');
    expect(scanned.verdict).toBe('malicious');
  });

  it('is not clean when its name says SavedModel, and its bytes begin as a picture', async () => {
    const picture = Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      Buffer.alloc(2, 0x08),
      model(node('e', 'ReadFile')),
    ]);
    expect((await scan(picture)).verdict).not.toBe('clean');
  });
});

describe('the walk of a graph', () => {
  it('refuses messages that are nested deeper than libraries read', async () => {
    let type = proto([1, 1]);
    for (let depth = 0; depth < 120; depth++) type = proto([1, 1], [2, type]);
    const bytes = savedModel(graphDef([...PLAIN, proto([1, 'e'], [2, 'NoOp'], [7, type])]));
    expect((await scan(bytes)).verdict).toBe('unknown');
  });

  it('gives any bytes a verdict, and never clean to an operator that is refused', async () => {
    const seed = Buffer.from(model(node('e', 'WriteFile', ['x'])));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 4 }), async (changes) => {
        const bytes = Buffer.from(seed);
        for (const [at, value] of changes) bytes[at] = value;
        const { verdict, format } = await scan(bytes);
        const named = bytes.includes('WriteFile') && format === 'tf-saved-model';
        if (named && changes.length === 0) expect(verdict).toBe('malicious');
        expect(verdict).toMatch(/^(?:clean|not-assessed|suspicious|unknown|malicious)$/);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('a checkpoint', () => {
  const state = (text: string) =>
    scanBytes(Buffer.from(text), 'checkpoint', [checkpointScanner]).then(({ verdict, context }) => ({
      verdict,
      rules: context.ruleIds(),
    }));

  it.each([
    ['model_checkpoint_path: "model.ckpt-7"\n', 'clean', []],
    ['model_checkpoint_path: "/data/model.ckpt-7"\n', 'clean', ['tensorflow.absolute-checkpoint']],
    ['model_checkpoint_path: "../other/model.ckpt"\n', 'malicious', [OUTSIDE]],
    ['model_checkpoint_path: "/a/../etc/x"\n', 'malicious', [OUTSIDE]],
    ['model_checkpoint_path: "hdfs://host/model"\n', 'malicious', [OUTSIDE]],
    ['model_checkpoint_path: "//host/share/model"\n', 'malicious', [OUTSIDE]],
    ['model_checkpoint_path: "." \'./x\'\n', 'malicious', [OUTSIDE]],
    ['model_checkpoint_path: "\\056\\056/x"\n', 'suspicious', [STRUCTURE]],
    ['model_checkpoint_path: "a"\nall_model_checkpoint_paths: "../b"\n', 'malicious', [OUTSIDE]],
  ])('state %s is %s', async (text, verdict, rules) => {
    expect(await state(text)).toEqual({ verdict, rules });
  });
});
