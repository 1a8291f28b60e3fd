import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executorchScanner, mxnetScanner, paddleScanner, tensorrtScanner } from '../../../src/scan/graphs/scanner.ts';
import { SCANNERS } from '../../../src/scan/scanners.ts';
import { scanBytes } from '../../support/scan-bytes.ts';
import { type ProtoField, proto } from '../../support/tensorflow-graphs.ts';

const FOLDER = 'fixtures/graphs';
const real = (name: string) => readFileSync(`${FOLDER}/${name}`);

async function scan(bytes: Uint8Array, file = 'model') {
  const { verdict, format, context } = await scanBytes(bytes, file, SCANNERS, true);
  const checks = context.checks.map(({ id }) => id);
  return { verdict, format: format.id, rules: [...new Set(context.ruleIds())].sort(), checks, context };
}

describe('a real model', () => {
  it.each([
    ['paddle-loop.pdmodel', 'paddle-program'],
    ['paddle-training.pdmodel', 'paddle-program'],
    ['paddle-3.json', 'json'],
    ['paddle-3.pdiparams', 'paddle-tensors'],
    ['mxnet-symbol.json', 'json'],
    ['mxnet-loop-symbol.json', 'json'],
    ['mxnet-0000.params', 'mxnet-params'],
    ['executorch.pte', 'executorch'],
  ])('%s is clean', async (name, format) => {
    expect(await scan(real(name), name)).toMatchObject({ format, verdict: 'clean', rules: [], checks: [] });
  });

  it.each(['paddle-3.json', 'mxnet-symbol.json'])('%s is known for a graph', async (name) => {
    expect((await scan(real(name), name)).context.format).toMatch(/^(?:paddle-pir|mxnet-symbol)$/);
  });

  it.each([
    ['paddle-python.pdmodel', 'malicious', 'paddle.dangerous-operator'],
    ['paddle-save.pdmodel', 'malicious', 'paddle.dangerous-operator'],
    ['paddle-print.pdmodel', 'suspicious', 'paddle.unlisted-operator'],
    ['mxnet-custom-symbol.json', 'suspicious', 'mxnet.custom-code'],
    ['executorch-custom.pte', 'suspicious', 'executorch.custom-code'],
  ])('%s is %s', async (name, verdict, rule) => {
    expect(await scan(real(name), name)).toMatchObject({ verdict, rules: [rule] });
  });

  it('that leaves parts to a backend is not assessed, and names it', async () => {
    const { verdict, context } = await scan(real('executorch-delegate.pte'));
    expect(verdict).toBe('not-assessed');
    expect(context.checks).toMatchObject([
      { id: 'format.executorch.delegates', detail: expect.stringContaining('XnnpackBackend') },
    ]);
  });

  it('of the converter is clean', async () => {
    for (const name of ['inference-2.pdmodel', 'inference-2.pdiparams', 'inference-3.json', 'inference-3.pdiparams'])
      expect((await scan(readFileSync(`fixtures/convert/paddle/${name}`), name)).verdict, name).toBe('clean');
  });
});

const PLAIN = proto([3, 'relu']);
const block = (operations: readonly Uint8Array[], ...more: readonly ProtoField[]) =>
  proto([1, 0], [2, -1], ...operations.map((one) => [4, one] as const), ...more);
const program = (...operations: readonly Uint8Array[]) => proto([1, block([PLAIN, ...operations])], [4, proto([1, 0])]);
const operation = (type: string, ...more: readonly ProtoField[]) => proto([3, type], ...more);
const variable = (name: string, persistable: number) => proto([1, name], [2, proto([1, 7])], [3, persistable]);
const DANGEROUS = 'paddle.dangerous-operator';
const UNLISTED = 'paddle.unlisted-operator';

type Case = readonly [title: string, bytes: Uint8Array, verdict: string, rule: string];
const paddle: readonly Case[] = [
  ...['py_func', 'load', 'load_combine', 'save', 'save_combine', 'read_file'].map(
    (type): Case => [type, program(operation(type)), 'malicious', DANGEROUS],
  ),
  ...['print', 'run_program', 'read', 'send_v2', 'tensorrt_engine', 'pull_sparse', 'own_op', 'Relu', 'relu ', ''].map(
    (type): Case => [JSON.stringify(type), program(operation(type)), 'suspicious', UNLISTED],
  ),
  ['a gradient of nothing', program(operation('own_op_grad')), 'suspicious', UNLISTED],
  [
    'py_func in the second block',
    proto([1, block([PLAIN])], [1, proto([1, 1], [2, 0], [4, operation('py_func')])]),
    'malicious',
    DANGEROUS,
  ],
  ['py_func as the second of two names', program(proto([3, 'relu'], [3, 'py_func'])), 'malicious', DANGEROUS],
  [
    'a parameter in an absolute file',
    proto([1, block([PLAIN], [3, variable('/etc/shadow', 1)])]),
    'malicious',
    'paddle.path-outside',
  ],
  [
    'a parameter above the folder',
    proto([1, block([PLAIN], [3, variable('../../x', 1)])]),
    'malicious',
    'paddle.path-outside',
  ],
  [
    'a call in an attribute',
    program(operation('relu', [4, proto([1, 'note'], [2, 2], [5, 'os.system("id")'])])),
    'suspicious',
    'paddle.hidden-content',
  ],
  ['a field that Paddle does not have', program(operation('relu', [99, 'x'])), 'suspicious', 'paddle.structure'],
];

describe('a Paddle program with', () => {
  it.each(paddle)('%s is found', async (_, bytes, verdict, rule) => {
    const found = await scan(bytes, 'm.pdmodel');
    expect(found).toMatchObject({ format: 'paddle-program', verdict });
    expect(found.rules).toContain(rule);
  });

  it('lines of its script, a variable of any name, or a gradient is clean', async () => {
    const script = operation('relu', [4, proto([1, 'op_callstack'], [2, 5], [8, 'exec(open("train.py").read())'])]);
    const bytes = proto([1, block([PLAIN, script, operation('conv2d_grad')], [3, variable('../x', 0)])]);
    expect(await scan(bytes, 'm.pdmodel')).toMatchObject({ verdict: 'clean', rules: [] });
  });

  it('a part that is cut off is not clean', async () => {
    const bytes = real('paddle-loop.pdmodel');
    for (const cut of [1, 7, 200, 3_000]) expect((await scan(bytes.subarray(0, -cut))).verdict).not.toBe('clean');
  });
});

const pir = (...words: readonly string[]) =>
  Buffer.from(
    JSON.stringify({
      base_code: { magic: 'pir', version: 4 },
      program: {
        regions: [{ '#': 'region_0', blocks: [{ '#': 'block_0', ops: words.map((word) => ({ '#': word, A: [] })) }] }],
      },
    }),
  );
const symbol = (...nodes: readonly object[]) =>
  Buffer.from(
    JSON.stringify({ nodes: [{ op: 'null', name: 'x', inputs: [] }, ...nodes], arg_nodes: [0], heads: [[1, 0, 0]] }),
  );

const documents: readonly Case[] = [
  ['Paddle 3 that calls Python', pir('1.relu', '1.py_func'), 'malicious', DANGEROUS],
  ['Paddle 3 that calls Python in place', pir('1.py_func_'), 'malicious', DANGEROUS],
  ['Paddle 3 that loads', pir('1.load_combine'), 'malicious', DANGEROUS],
  ['Paddle 3 that prints', pir('1.print'), 'suspicious', UNLISTED],
  ['Paddle 3 of an own operation', pir('3.evil'), 'suspicious', 'paddle.custom-code'],
  ['Paddle 3 of another dialect', pir('17.evil'), 'suspicious', UNLISTED],
  ['Paddle 3 of an operation of nobody', pir('1.evil'), 'suspicious', UNLISTED],
  [
    'Paddle 3 of an escaped name',
    Buffer.from(pir('1.relu').toString().replace('1.relu', '1.\\u0070y_func')),
    'malicious',
    DANGEROUS,
  ],
  [
    'Paddle 3 whose mark comes last',
    Buffer.from('{"program":{"a":{"#":"1.py_func"}},"base_code":{"magic":"pir"}}'),
    'malicious',
    DANGEROUS,
  ],
  ['MXNet that calls Python', symbol({ op: 'Custom', attrs: { op_type: 'evil' } }), 'suspicious', 'mxnet.custom-code'],
  [
    'MXNet that calls an address',
    symbol({ op: '_Native', attrs: { info: '0x7f00' } }),
    'malicious',
    'mxnet.dangerous-operator',
  ],
  ['MXNet that calls another address', symbol({ op: '_NDArray' }), 'malicious', 'mxnet.dangerous-operator'],
  [
    'MXNet that reads files',
    symbol({ op: '_cvimread', attrs: { filename: '/etc/passwd' } }),
    'malicious',
    'mxnet.dangerous-operator',
  ],
  ['MXNet of an operation of nobody', symbol({ op: 'evil' }), 'suspicious', 'mxnet.unlisted-operator'],
  [
    'MXNet that calls Python in a loop',
    symbol({ op: '_foreach', subgraphs: [{ nodes: [{ op: '_npi_Custom' }] }] }),
    'suspicious',
    'mxnet.custom-code',
  ],
  [
    'MXNet of two names',
    Buffer.from(symbol({ op: 'evil' }).toString().replace('"op":"evil"', '"op":"evil","op":"relu"')),
    'suspicious',
    'mxnet.unlisted-operator',
  ],
];

describe('a graph as JSON, of', () => {
  it.each(documents)('%s, is found', async (_, bytes, verdict, rule) => {
    const found = await scan(bytes, 'graph.json');
    expect(found.verdict).toBe(verdict);
    expect(found.rules).toContain(rule);
  });

  it('another kind is left alone', async () => {
    for (const document of ['{"op":"Custom","nodes":[]}', '{"#":"1.py_func"}', '{"magic":"pirate","a":{"#":"3.x"}}'])
      expect(await scan(Buffer.from(document), 'a.json')).toMatchObject({ verdict: 'clean', rules: [] });
  });
});

describe('parameters that', () => {
  it.each([
    ['paddle-3.pdiparams', 8, 200],
    ['paddle-3.pdiparams', 12, 1],
    ['paddle-3.pdiparams', 19, 255],
    ['mxnet-0000.params', 16, 255],
    ['mxnet-0000.params', 33, 255],
    ['mxnet-0000.params', 40, 255],
  ])('lie (%s at byte %i) are never clean', async (name, at, value) => {
    const bytes = Buffer.from(real(name));
    bytes[at] = value;
    expect((await scan(bytes, name)).verdict).not.toBe('clean');
  });

  it('end too early, or go on, are never clean', async () => {
    for (const name of ['paddle-3.pdiparams', 'mxnet-0000.params']) {
      const bytes = real(name);
      for (const cut of [1, 9, 60])
        expect((await scan(bytes.subarray(0, -cut), name)).verdict, `${name} ${cut}`).not.toBe('clean');
      const tail = Buffer.concat([bytes, Buffer.from(`#!/bin/sh\n${'echo a\n'.repeat(20)}`)]);
      expect((await scan(tail, name)).verdict).not.toBe('clean');
    }
  });
});

/** The header of a library that a loader takes. */
function library(machine: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(3, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  return bytes;
}

describe('a TensorRT engine', () => {
  const engine = (...parts: readonly Uint8Array[]) => Buffer.concat([Buffer.from('ftrt'), Buffer.alloc(60), ...parts]);

  it('is not assessed, with programs of the graphics processor too', async () => {
    expect(await scan(engine(library(190)), 'm.engine')).toMatchObject({ verdict: 'not-assessed', rules: [] });
  });

  it.each([62, 183, 0])('with a library of the machine %i is suspicious', async (machine) => {
    const found = await scan(engine(library(190), library(machine)), 'm.engine');
    expect(found).toMatchObject({ verdict: 'suspicious', rules: ['tensorrt.custom-code'] });
  });

  it('with a library across two blocks is suspicious', async () => {
    for (const before of [1_048_576 - 64 - 10, 1_048_576 - 64 - 19, 1_048_576 - 64 - 1])
      expect((await scan(engine(Buffer.alloc(before), library(62)), 'm.engine')).verdict).toBe('suspicious');
  });

  it('with four bytes of a mark alone is not assessed', async () => {
    const found = await scan(engine(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 9, 9, 9]), Buffer.alloc(99, 7)), 'm.plan');
    expect(found).toMatchObject({ verdict: 'not-assessed', rules: [] });
  });
});

describe('an ExecuTorch program', () => {
  it('that lies about its parts is suspicious', async () => {
    const bytes = real('executorch.pte');
    const extended = (programSize: bigint, base: bigint) => {
      const head = Buffer.alloc(32);
      head.write('eh00');
      head.writeUInt32LE(32, 4);
      head.writeBigUInt64LE(programSize, 8);
      head.writeBigUInt64LE(base, 16);
      const all = Buffer.concat([bytes.subarray(0, 8), head, bytes.subarray(8)]);
      all.writeUInt32LE(bytes.readUInt32LE(0) + 32, 0);
      return all;
    };
    const size = BigInt(bytes.length + 32);
    expect((await scan(extended(size, 0n))).verdict).toBe('clean');
    for (const wrong of [extended(2n ** 62n, 0n), extended(3n, 0n), extended(size, 4n)])
      expect(await scan(wrong)).toMatchObject({ verdict: 'suspicious', rules: ['executorch.structure'] });
  });

  it('that holds a library for its backend is found', async () => {
    const bytes = real('executorch-delegate.pte');
    const at = bytes.indexOf(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]));
    library(62).copy(bytes, at, 0, 200);
    expect((await scan(bytes)).rules).toContain('executorch.hidden-content');
  });
});

describe('a model of a runtime that no scanner judges', () => {
  it.each([
    ['ncnn', Buffer.from('7767517\n2 2\nInput data 0 1 data\nOwn own 1 1 data out\n')],
    ['rknn', Buffer.concat([Buffer.from('RKNN\0\0\0\0'), Buffer.alloc(200, 9)])],
  ])('is not assessed, and named (%s)', async (format, bytes) => {
    expect(await scan(bytes, 'm')).toMatchObject({
      format,
      verdict: 'not-assessed',
      checks: [`format.${format}.scan`],
    });
  });
});

describe('any edit of a graph or its parameters', () => {
  it.each([
    ['paddle-loop.pdmodel', paddleScanner],
    ['paddle-3.pdiparams', paddleScanner],
    ['mxnet-0000.params', mxnetScanner],
    ['executorch-delegate.pte', executorchScanner],
    ['executorch.pte', tensorrtScanner],
  ])('gives a verdict (%s)', async (name, scanner) => {
    const bytes = real(name);
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(edits, fc.nat(60), async (list, cut) => {
        const changed = Buffer.from(bytes.subarray(0, bytes.length - cut));
        for (const [at, value] of list) changed[at % changed.length] = value;
        await scanBytes(changed, name, [scanner]);
      }),
      { numRuns: 150 },
    );
  });
});
