import { describe, expect, it } from 'vitest';
import { onnxScanner } from '../../../src/scan/onnx/scanner.ts';
import {
  bytesOf,
  externalTensor,
  type Fill,
  functionOf,
  graphOf,
  message,
  node,
  onnxModel,
  opset,
  property,
  RELU,
  tensorModel,
} from '../../support/onnx-messages.ts';
import { scanBytes } from '../../support/scan-bytes.ts';

async function scan(bytes: Uint8Array) {
  const { format, verdict, context } = await scanBytes(bytes, 'models/m.onnx', [onnxScanner]);
  return { format: format.id, verdict, rules: [...new Set(context.ruleIds())], context };
}

const attribute = (name: string, fill: Fill): Fill => {
  return (out) => {
    out.text(1, name);
    fill(out);
  };
};
const external = (location: string): Fill => externalTensor(['location', location]);
const graphAttribute = (graph: Fill): Fill =>
  attribute('then_branch', (out) => {
    out.message(6, message(graph));
    out.varint(20, 5);
  });
const withTensor = (fill: Fill): Fill => {
  return (out) => {
    RELU(out);
    out.message(5, message(fill));
  };
};
/** A graph of nodes that hold graphs, so deep. */
const nested = (depth: number, inner: Fill): Fill =>
  depth === 0 ? inner : graphOf(node('If', { attributes: [graphAttribute(nested(depth - 1, inner))] }));

/** More than what a format is told by. */
const LARGE: Fill = (out) => {
  out.varint(1, 100_000);
  out.varint(2, 1);
  out.bytes(9, new Uint8Array(400_000));
};
const EVIL = external('../../etc/passwd');

describe('a file that a model names for a tensor', () => {
  it.each([
    ['w.bin', 'models/w.bin'],
    ['./w.bin', 'models/w.bin'],
    ['data/w.bin', 'models/data/w.bin'],
    ['data//w.bin', 'models/data/w.bin'],
    ['model.onnx.data', 'models/model.onnx.data'],
    ['..data', 'models/..data'],
    ['weights-1.bin', 'models/weights-1.bin'],
    ['weights 1.bin', 'models/weights 1.bin'],
    ['Gewichte-\u00fc.bin', 'models/Gewichte-\u00fc.bin'],
    ['console.bin', 'models/console.bin'],
  ])('%j is %s', async (location, path) => {
    const { verdict, context } = await scan(tensorModel(external(location)));
    expect(context.referred).toEqual([{ path, ranges: [{ start: 0, end: 4 }] }]);
    expect(verdict).toBe('clean');
  });

  it.each([
    '/etc/passwd',
    '//server/share/w.bin',
    '\\\\server\\share\\w.bin',
    '\\\\?\\C:\\w.bin',
    '\\w.bin',
    'C:\\w.bin',
    'c:/w.bin',
    'C:w.bin',
    '..',
    '../w.bin',
    '..\\w.bin',
    '.\\..\\..\\w.bin',
    'a/../../w.bin',
    'a\\..\\..\\w.bin',
    'a/..\\../w.bin',
    './../w.bin',
    'a/./../../w.bin',
    'a//../../w.bin',
    '.. /w.bin',
    '...',
    '../',
    ' ../w.bin',
    'file:///etc/passwd',
    'https://example.org/w.bin',
    'FILE:w.bin',
    's3://bucket/w.bin',
    'w.bin\0',
    'w.bin\0/../../x',
    '*/_ORT_MEM_ADDR_/*',
    '*/_ORT_NATIVE_ENDIAN_MEM_ADDR_/*',
  ])('%j is outside of its folder', async (location) => {
    const { verdict, rules, context } = await scan(tensorModel(external(location)));
    expect({ verdict, rules, referred: context.referred }).toEqual({
      verdict: 'malicious',
      rules: ['onnx.external-path'],
      referred: [],
    });
  });

  it.each([
    '',
    ' ',
    '.',
    './',
    'data/',
    'a/../w.bin',
    'a\\w.bin',
    'w.bin ',
    'w.bin.',
    'a./w.bin',
    'w.bin:stream',
    'nul',
    'COM1.bin',
    'data/con.txt',
    '~/w.bin',
    '%TEMP%/w.bin',
    '${HOME}/w.bin',
    'w\n.bin',
    'w\u0085.bin',
    'x'.repeat(5_000),
    'm.onnx',
    './m.onnx',
  ])('%j is odd', async (location) => {
    const { verdict, rules } = await scan(tensorModel(external(location)));
    expect({ verdict, rules }).toEqual({ verdict: 'suspicious', rules: ['onnx.external-odd'] });
  });

  const places: readonly (readonly [string, Uint8Array])[] = [
    ['an initializer', tensorModel(EVIL)],
    [
      'an attribute',
      onnxModel({
        graph: graphOf(node('Constant', { attributes: [attribute('value', (out) => out.message(5, message(EVIL)))] })),
      }),
    ],
    [
      'a list of tensors of an attribute',
      onnxModel({
        graph: graphOf(node('Constant', { attributes: [attribute('v', (out) => out.message(10, message(EVIL)))] })),
      }),
    ],
    [
      'the values of a sparse initializer',
      onnxModel({
        graph: (out) => {
          RELU(out);
          out.message(
            15,
            message((sparse) => sparse.message(1, message(EVIL))),
          );
        },
      }),
    ],
    [
      'the indices of a sparse attribute',
      onnxModel({
        graph: graphOf(
          node('Constant', {
            attributes: [
              attribute('v', (out) =>
                out.message(
                  22,
                  message((sparse) => sparse.message(2, message(EVIL))),
                ),
              ),
            ],
          }),
        ),
      }),
    ],
    ['a branch', onnxModel({ graph: nested(1, withTensor(EVIL)) })],
    ['a branch, twelve deep', onnxModel({ graph: nested(12, withTensor(EVIL)) })],
    [
      'one of several graphs of an attribute',
      onnxModel({
        graph: graphOf(
          node('If', { attributes: [attribute('g', (out) => out.message(11, message(withTensor(EVIL))))] }),
        ),
      }),
    ],
    [
      'a function',
      onnxModel({
        opsets: [
          ['', 17],
          ['local', 1],
        ],
        graph: graphOf(node('F', { domain: 'local' })),
        rest: (out) =>
          out.message(
            25,
            functionOf('local', 'F', [
              node('Constant', { attributes: [attribute('value', (tensor) => tensor.message(5, message(EVIL)))] }),
            ]),
          ),
      }),
    ],
    [
      'a default of a function that nothing calls',
      onnxModel({
        rest: (out) =>
          out.message(
            25,
            message((fn) => {
              fn.text(1, 'F');
              fn.text(10, 'local');
              fn.message(11, message(attribute('value', (tensor) => tensor.message(5, message(EVIL)))));
            }),
          ),
      }),
    ],
    ...[1, 2].map(
      (field) =>
        [
          `graph ${field} of training`,
          onnxModel({
            rest: (out) =>
              out.message(
                20,
                message((training) => training.message(field, message(withTensor(EVIL)))),
              ),
          }),
        ] as const,
    ),
    ['the second of two graphs', onnxModel({ rest: (out) => out.message(7, message(withTensor(EVIL))) })],
    ['a graph behind the operator sets', onnxModel({ graph: withTensor(EVIL) })],
    [
      'a tensor that says it lies in the model',
      tensorModel((out) => {
        out.varint(2, 1);
        out.message(13, property('location', '/etc/passwd'));
      }),
    ],
    [
      'a tensor whose location has more than 32 bits',
      tensorModel((out) => {
        out.varint(2, 1);
        out.message(13, property('location', '/etc/passwd'));
        out.varint(14, 2n ** 32n + 1n);
      }),
    ],
    ['the first of two locations', tensorModel(externalTensor(['location', '/etc/passwd'], ['location', 'w.bin']))],
    ['the last of two locations', tensorModel(externalTensor(['location', 'w.bin'], ['location', '/etc/passwd']))],
    [
      'an entry with two values',
      tensorModel((out) => {
        out.varint(2, 1);
        out.message(
          13,
          message((entry) => {
            entry.text(1, 'location');
            entry.text(2, 'w.bin');
            entry.text(2, '/etc/passwd');
          }),
        );
        out.varint(14, 1);
      }),
    ],
    [
      'an entry whose key comes last',
      tensorModel((out) => {
        out.varint(2, 1);
        out.message(
          13,
          message((entry) => {
            entry.text(2, '/etc/passwd');
            entry.text(1, 'offset');
            entry.text(1, 'location');
          }),
        );
        out.varint(14, 1);
      }),
    ],
    [
      'a branch in an attribute that also has a text',
      onnxModel({
        graph: graphOf(
          node('If', {
            attributes: [
              attribute('g', (out) => {
                out.text(4, 'text');
                out.varint(20, 3);
                out.message(6, message(withTensor(EVIL)));
              }),
            ],
          }),
        ),
      }),
    ],
    [
      'a model that breaks off behind it',
      Buffer.concat([
        onnxModel({ graph: (out) => [withTensor(EVIL)(out), out.message(5, message(LARGE))] }),
        Buffer.from([0x3a, 0x7f]),
      ]),
    ],
  ];
  it.each(places)('is found in %s', async (_, bytes) => {
    const { format, verdict, rules } = await scan(bytes);
    expect(format).toBe('onnx');
    expect(rules).toContain('onnx.external-path');
    expect(verdict).toBe('malicious');
  });

  it.each<[string, Fill, RegExp]>([
    ['gives no location', externalTensor(), /does not say where/],
    ['has a negative offset', externalTensor(['location', 'w'], ['offset', '-4']), /plain number/],
    ['has an offset with a sign', externalTensor(['location', 'w'], ['offset', '+4']), /plain number/],
    ['has an offset in hexadecimal', externalTensor(['location', 'w'], ['offset', '0x4']), /plain number/],
    ['has an offset with a leading zero', externalTensor(['location', 'w'], ['offset', '010']), /plain number/],
    ['has an offset beyond 2^53', externalTensor(['location', 'w'], ['offset', '9007199254740993']), /plain number/],
    ['has two offsets', externalTensor(['location', 'w'], ['offset', '0'], ['offset', '4']), /plain number/],
    ['has another length than its dimensions', externalTensor(['location', 'w'], ['length', '8']), /needs 4 bytes/],
    ['has an empty length', externalTensor(['location', 'w'], ['length', '']), /plain number/],
    ['names two files', externalTensor(['location', 'v'], ['location', 'w']), /several files/],
  ])('is odd when the tensor %s', async (_, fill, text) => {
    const { verdict, context } = await scan(tensorModel(fill));
    expect(verdict).toBe('suspicious');
    expect(context.reports.map(({ message: said }) => said).join('\n')).toMatch(text);
  });

  it('is odd when tensors share a part of its bytes, and not when they share all', async () => {
    const two = (second: string) =>
      onnxModel({
        graph: (out) => {
          RELU(out);
          for (const offset of ['0', second])
            out.message(
              5,
              message((tensor) => {
                tensor.varint(1, 4);
                tensor.varint(2, 1);
                tensor.message(13, property('location', 'w.bin'));
                tensor.message(13, property('offset', offset));
                tensor.varint(14, 1);
              }),
            );
        },
      });
    expect((await scan(two('8'))).rules).toEqual(['onnx.external-odd']);
    const tied = await scan(two('0'));
    expect(tied.verdict).toBe('clean');
    expect(tied.context.referred).toEqual([{ path: 'models/w.bin', ranges: [{ start: 0, end: 16 }] }]);
    expect((await scan(two('4096'))).context.referred[0]?.ranges).toEqual([
      { start: 0, end: 16 },
      { start: 4096, end: 4112 },
    ]);
  });

  it('may have entries that libraries write besides its place', async () => {
    const fill = externalTensor(
      ['location', 'w.bin'],
      ['checksum', 'ab'],
      ['basepath', '/home/x'],
      ['prepacked_0', '1'],
    );
    expect(await scan(tensorModel(fill))).toMatchObject({ verdict: 'clean', rules: [] });
  });

  it('is not judged for a model in an archive', async () => {
    const { context } = await scan(tensorModel(external('w.bin')));
    expect(context.referred.length).toBe(1);
    const { verdict, context: within } = await scanBytes(tensorModel(external('w.bin')), 'a.zip', [
      {
        ...onnxScanner,
        scanFile: (target, inner) => onnxScanner.scanFile({ ...target, member: 'm.onnx' }, inner),
      },
    ]);
    expect(verdict).toBe('not-assessed');
    expect(within.referred).toEqual([]);
  });
});

describe('an operator', () => {
  const of = (op: string, domain?: string, opsets: ModelOpsets = [['', 17]], attributes: readonly Fill[] = []) =>
    onnxModel({ opsets, graph: graphOf(node(op, domain === undefined ? { attributes } : { domain, attributes })) });
  type ModelOpsets = readonly (readonly [string, number | bigint])[];

  it.each<[string, string | undefined, ModelOpsets]>([
    ['Relu', undefined, [['', 17]]],
    ['Relu', 'ai.onnx', [['', 17]]],
    ['Relu', '', [['ai.onnx', 17]]],
    ['Scaler', 'ai.onnx.ml', [['ai.onnx.ml', 3]]],
    ['FusedMatMul', 'com.microsoft', [['com.microsoft', 1]]],
    ['MatMulNBits', 'com.microsoft', [['com.microsoft', 1]]],
    ['SimplifiedLayerNormalization', '', [['', 14]]],
    ['Adam', 'ai.onnx.preview.training', [['ai.onnx.preview.training', 1]]],
  ])('%s of %j is listed', async (op, domain, opsets) => {
    expect((await scan(of(op, domain, opsets))).verdict).toBe('clean');
  });

  it.each([
    ['Exec', 'com.evil'],
    ['relu', ''],
    ['Relu ', ''],
    ['', ''],
    ['constructor', ''],
    ['__proto__', 'ai.onnx'],
    ['toString', 'constructor'],
    ['Relu', 'ai.onnx.ml'],
    ['Relu', 'AI.ONNX'],
    ['Scaler', ''],
    ['PyOp', 'ai.onnx.contrib'],
    ['SentencepieceTokenizer', 'ai.onnx.contrib'],
    ['EfficientNMS_TRT', 'trt.plugins'],
    ['EfficientNMS_TRT', ''],
    ['EPContext', 'com.microsoft'],
    ['Snpe', 'com.microsoft'],
    ['ATen', 'org.pytorch.aten'],
    ['Relu\0', ''],
  ])('%j of %j is on no list', async (op, domain) => {
    const { verdict, rules } = await scan(
      of(op, domain, [
        ['', 17],
        [domain, 17],
      ]),
    );
    expect(verdict).toBe('suspicious');
    expect(rules).toContain('onnx.unlisted-operator');
  });

  it.each<[string, string, readonly Fill[]]>([
    ['PythonOp', 'com.microsoft', []],
    ['PythonOpGrad', 'com.microsoft', []],
    ['TritonOp', 'com.microsoft', []],
    ['AzureTextToText', 'com.microsoft.extensions', []],
    ['OpenAIAudioToText', 'com.microsoft.extensions', []],
    ['PyOp', 'pyopadd_2', [attribute('module', (out) => out.text(4, 'mymodule'))]],
  ])('%s of %s runs code or opens connections', async (op, domain, attributes) => {
    const { verdict, rules } = await scan(of(op, domain, [[domain, 1]], attributes));
    expect(verdict).toBe('malicious');
    expect(rules).toContain('onnx.dangerous-operator');
  });

  it('that holds a binary is malicious when it names a file outside of the folder', async () => {
    const attributes = [
      attribute('embed_mode', (out) => out.varint(3, 0)),
      attribute('ep_cache_context', (out) => out.text(4, '../../x.bin')),
    ];
    const { verdict, rules } = await scan(of('EPContext', 'com.microsoft', [['com.microsoft', 1]], attributes));
    expect({ verdict, rules }).toEqual({
      verdict: 'malicious',
      rules: ['onnx.unlisted-operator', 'onnx.external-path'],
    });
  });

  it.each<[string, Uint8Array]>([
    ['in a branch', onnxModel({ graph: nested(3, graphOf(node('Exec', { domain: 'com.evil' }))) })],
    [
      'only in a function',
      onnxModel({
        graph: graphOf(node('F', { domain: 'local' })),
        rest: (out) => out.message(25, functionOf('local', 'F', [node('Exec', { domain: 'com.evil' })])),
      }),
    ],
    [
      'only in a function that nothing calls',
      onnxModel({ rest: (out) => out.message(25, functionOf('local', 'F', [node('Exec', { domain: 'com.evil' })])) }),
    ],
    [
      'only in training',
      onnxModel({
        rest: (out) =>
          out.message(
            20,
            message((training) => training.message(2, message(graphOf(node('Exec', { domain: 'com.evil' }))))),
          ),
      }),
    ],
    [
      'by the first of two names',
      onnxModel({
        graph: graphOf(
          message((out) => {
            out.text(4, 'Exec');
            out.text(7, 'com.evil');
            out.text(4, 'Relu');
            out.text(7, '');
          }),
        ),
      }),
    ],
    [
      'by the last of two names',
      onnxModel({
        graph: graphOf(
          message((out) => {
            out.text(4, 'Relu');
            out.text(4, 'Exec');
            out.text(7, 'com.evil');
          }),
        ),
      }),
    ],
  ])('is found %s', async (_, bytes) => {
    const { verdict, rules } = await scan(bytes);
    expect(rules).toContain('onnx.unlisted-operator');
    expect(verdict).toBe('suspicious');
  });

  it.each<[string, Uint8Array, string, string]>([
    ['without its set', of('Scaler', 'ai.onnx.ml'), 'suspicious', 'onnx.structure'],
    ['before its set has it', of('Gelu', '', [['', 13]]), 'suspicious', 'onnx.structure'],
    [
      'of two versions of a set',
      of('Relu', '', [
        ['', 13],
        ['ai.onnx', 17],
      ]),
      'suspicious',
      'onnx.structure',
    ],
    ['of version 0', of('Relu', '', [['', 0]]), 'suspicious', 'onnx.structure'],
    ['of a negative version', of('Relu', '', [['', -1n]]), 'suspicious', 'onnx.structure'],
    ['without any set', of('Relu', '', []), 'suspicious', 'onnx.structure'],
  ])('%s is odd', async (_, bytes, verdict, rule) => {
    const found = await scan(bytes);
    expect(found.verdict).toBe(verdict);
    expect(found.rules).toContain(rule);
  });

  it('of a set that is newer than the list is not judged', async () => {
    const { verdict, context } = await scan(of('Relu', '', [['', 1000]]));
    expect(verdict).toBe('not-assessed');
    expect(context.checks).toEqual([expect.objectContaining({ id: 'format.onnx.version', status: 'not-assessed' })]);
  });
});

describe('functions', () => {
  const call = (name: string) => node(name, { domain: 'local' });
  const model = (...functions: readonly Parameters<typeof functionOf>[]) =>
    onnxModel({
      opsets: [
        ['', 17],
        ['local', 1],
      ],
      graph: graphOf(call('F0')),
      rest: (out) => {
        for (const one of functions) out.message(25, functionOf(...one));
      },
    });

  it('of listed operators are clean, whatever their order', async () => {
    const bytes = model(['local', 'F0', [call('F1'), call('F1')]], ['local', 'F1', [node('Relu')]]);
    expect(await scan(bytes)).toMatchObject({ verdict: 'clean', rules: [] });
  });

  it.each([
    ['itself', model(['local', 'F0', [call('F0')]])],
    ['one that calls it', model(['local', 'F0', [call('F1')]], ['local', 'F1', [call('F0')]])],
    ['itself in a branch', model(['local', 'F0', [node('If', { attributes: [graphAttribute(graphOf(call('F0')))] })]])],
  ])('that call %s are found', async (_, bytes) => {
    expect(await scan(bytes)).toMatchObject({ verdict: 'suspicious', rules: ['onnx.function-loop'] });
  });

  it('that grow without bound are found', async () => {
    const chain = Array.from(
      { length: 40 },
      (_, i): Parameters<typeof functionOf> => ['local', `F${i}`, [call(`F${i + 1}`), call(`F${i + 1}`)]],
    );
    const bytes = model(...chain, ['local', 'F40', [node('Relu')]]);
    expect(await scan(bytes)).toMatchObject({ verdict: 'suspicious', rules: ['onnx.function-loop'] });
  });

  it('of a long chain are counted', async () => {
    const chain = Array.from(
      { length: 3_000 },
      (_, i): Parameters<typeof functionOf> => ['local', `F${i}`, [i === 2_999 ? node('Relu') : call(`F${i + 1}`)]],
    );
    expect(await scan(model(...chain))).toMatchObject({ verdict: 'clean' });
  });

  it.each([
    ['', 'Relu'],
    ['ai.onnx', 'Relu'],
    ['ai.onnx.ml', 'Anything'],
    ['com.microsoft', 'Gelu'],
    ['ai.onnx.contrib', 'PyOp'],
  ])('in the domain %j are found', async (domain, name) => {
    const { verdict, rules } = await scan(model(['local', 'F0', [node('Relu')]], [domain, name, [node('Abs')]]));
    expect({ verdict, rules }).toEqual({ verdict: 'suspicious', rules: ['onnx.shadowed-operator'] });
  });
});

describe('the structure', () => {
  const floats = (dims: readonly (number | bigint)[], bytes: number): Fill => {
    return (out) => {
      for (const dim of dims) out.varint(1, dim);
      out.varint(2, 1);
      out.bytes(9, new Uint8Array(bytes));
    };
  };

  it.each<[string, Uint8Array]>([
    [
      'has a field that the format does not name',
      onnxModel({
        graph: (out) => [
          RELU(out),
          out.message(
            5,
            message((tensor) => [LARGE(tensor), tensor.text(99, 'x')]),
          ),
        ],
      }),
    ],
    [
      'has a field of another wire type',
      onnxModel({
        graph: graphOf(node('Relu', { rest: (out) => out.varint(7, 1) })),
      }),
    ],
    ['has two graphs', onnxModel({ rest: (out) => out.message(7, message(RELU)) })],
    ['has no graph', bytesOf((out) => [out.varint(1, 8), out.message(8, opset('', 17))])],
    ['has no version', bytesOf((out) => [out.message(7, message(RELU)), out.message(8, opset('', 17))])],
    ['has a tensor of too few bytes', tensorModel(floats([2], 4))],
    ['has a tensor of too many bytes', tensorModel(floats([1], 8))],
    ['has a tensor of a negative dimension', tensorModel(floats([-1n], 4))],
    ['has a tensor whose dimensions overflow', tensorModel(floats([2n ** 33n, 2n ** 33n], 4))],
    ['has a tensor whose size is 0 modulo 2^64', tensorModel(floats([2n ** 62n, 4], 0))],
    ['has a tensor without elements', tensorModel((out) => [out.varint(1, 3), out.varint(2, 1)])],
    ['has a tensor without a type', tensorModel((out) => [out.varint(1, 0)])],
    [
      'has a tensor with elements in two ways',
      tensorModel((out) => [floats([1], 4)(out), out.bytes(4, new Uint8Array(4))]),
    ],
    [
      'has a tensor with elements in the model and outside of it',
      tensorModel((out) => [floats([1], 4)(out), out.message(13, property('location', 'w')), out.varint(14, 1)]),
    ],
    [
      'has an attribute of two types',
      onnxModel({
        graph: graphOf(node('Relu', { attributes: [attribute('a', (out) => [out.varint(3, 1), out.text(4, 'x')])] })),
      }),
    ],
    [
      'has an attribute of another type than it says',
      onnxModel({
        graph: graphOf(node('Relu', { attributes: [attribute('a', (out) => [out.varint(3, 1), out.varint(20, 3)])] })),
      }),
    ],
    ['has external data with an unknown entry', tensorModel(externalTensor(['location', 'w.bin'], ['__class__', 'x']))],
    ['has a type of more than 32 bits', tensorModel((out) => [out.varint(1, 0), out.varint(2, 2n ** 32n + 1n)])],
    [
      'has a name that is not UTF-8',
      onnxModel({
        graph: graphOf(
          node('Relu', { attributes: [(out) => [out.bytes(1, Buffer.from([0x61, 0xff])), out.varint(3, 1)]] }),
        ),
      }),
    ],
  ])('that %s is suspicious', async (_, bytes) => {
    const { format, verdict, rules } = await scan(bytes);
    expect(format).toBe('onnx');
    expect({ verdict, rules }).toMatchObject({
      verdict: 'suspicious',
      rules: expect.arrayContaining(['onnx.structure']),
    });
  });

  it.each<[string, Uint8Array]>([
    ['has elements of an unknown type', tensorModel((out) => [out.varint(1, 0), out.varint(2, 99)])],
    [
      'has an attribute of an unknown type',
      onnxModel({ graph: graphOf(node('Relu', { attributes: [attribute('a', (out) => out.varint(20, 77))] })) }),
    ],
    ['is nested too deeply', onnxModel({ graph: nested(60, RELU) })],
    ['breaks off', Buffer.concat([tensorModel(LARGE), Buffer.from([0x0a])])],
    ['ends in bytes that are not a field', Buffer.concat([tensorModel(LARGE), Buffer.from([0x07, 0x00])])],
  ])('that %s is unknown', async (_, bytes) => {
    expect(await scan(bytes)).toMatchObject({ format: 'onnx', verdict: 'unknown' });
  });

  it('of a newer version is not judged', async () => {
    expect((await scan(onnxModel({ ir: 99 }))).verdict).toBe('not-assessed');
  });
});

describe('texts', () => {
  it.each<[string, Fill]>([
    ['a script', (out) => out.message(14, property('run', 'import os; os.system("id")'))],
    ['markup', (out) => out.message(14, property('card', '<script>alert(1)</script>'))],
    ['a pickle in base64', (out) => out.message(14, property('state', 'gASVJAAAAAAAAACMBXBvc2l4'))],
    ['markup in a description', (out) => out.text(6, '<img onerror=alert(1)>')],
  ])('of %s are found', async (_, rest) => {
    expect(await scan(onnxModel({ rest }))).toMatchObject({ verdict: 'suspicious', rules: ['onnx.hidden-content'] });
  });

  it.each<[string, Uint8Array]>([
    ['a pickle', Buffer.from('\x80\x04\x95\x1a\0\0\0\0\0\0\0\x8c\x05posix', 'latin1')],
    ['a zip archive', Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1')],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1')],
    ['a script', Buffer.from('#!/bin/sh\nid')],
  ])('that begin as %s are found in tensors and attributes', async (_, bytes) => {
    const tensor = tensorModel((out) => [out.varint(1, 1), out.varint(2, 8), out.bytes(6, bytes)]);
    const own = onnxModel({
      graph: graphOf(node('Relu', { attributes: [attribute('a', (out) => out.bytes(4, bytes))] })),
    });
    for (const one of [tensor, own])
      expect(await scan(one)).toMatchObject({ verdict: 'suspicious', rules: ['onnx.hidden-content'] });
  });

  it.each<[string, Fill]>([
    ['an address', (out) => out.message(14, property('homepage', 'https://example.org/model'))],
    ['JSON', (out) => out.message(14, property('names', '{"0": "person"}'))],
    ['Python of a trace', (out) => out.message(14, property('pkg.torch.onnx.stack_trace', 'x = subprocess.run(y)'))],
    ['a method named eval', (out) => out.message(14, property('note', 'model.eval() was called'))],
    ['a description', (out) => out.text(6, 'A classifier of digits (a #! sign, PK, MZ).')],
  ])('of %s are not found', async (_, rest) => {
    expect(await scan(onnxModel({ rest }))).toMatchObject({ verdict: 'clean', rules: [] });
  });
});
