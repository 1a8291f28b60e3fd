import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { DataType } from '../../../src/formats/onnx/data-type.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { openRunner, type Runner, type RunnerOptions } from '../../../src/formats/onnx/run/runner.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import type { RunTensor } from '../../../src/sandbox/tensors.ts';
import { HOSTILE, pointing } from '../../support/onnx-hostile.ts';
import { bytesOf, onnxFixture, onnxSource } from '../../support/onnx-models.ts';

const MiB = 1024 * 1024;
/** Starting a process takes long on a busy machine: only a test of the wall clock can reach this limit. */
const PATIENT = { sandboxWallMs: 3_600_000, sandboxCpuSeconds: 3_600 };
const ONE = new Map<string, RunTensor>([['x', { type: 'float32', dims: [1], data: Float32Array.of(1) }]]);

const opened: Runner[] = [];

async function open(options: RunnerOptions): Promise<Runner> {
  const runner = await openRunner({ ...options, bounds: { ...PATIENT, ...options.bounds } });
  opened.push(runner);
  return runner;
}

/** The children that this process has. */
function children(): string[] {
  if (!existsSync('/proc/self')) return [];
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(process.pid);
    } catch {
      return false;
    }
  });
}

/** The folders of runs that stand: no other test makes its own in the temporary folder of this file. */
function folders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('assay-run-'));
}

const shared = process.env.TMPDIR;
beforeAll(() => {
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'runs-'));
});
afterAll(() => {
  rmSync(tmpdir(), { recursive: true });
  if (shared === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = shared;
});

afterEach(async () => {
  for (const runner of opened.splice(0)) await runner.close();
  expect(children()).toEqual([]);
});

describe('the runner', () => {
  it('runs a model of the onnx package', async () => {
    const runner = await open({ model: onnxFixture('linear') });
    expect(runner.inputs).toMatchObject([{ name: 'x', type: { element: 'float32' } }]);
    expect(runner.outputs.map(({ name }) => name)).toEqual(['y']);
    const x: RunTensor = { type: 'float32', dims: [1, 4], data: Float32Array.of(0, 0, 0, 0) };
    const zero = (await runner.run(new Map([['x', x]]))).get('y');
    expect(zero).toMatchObject({ type: 'float32', dims: [1, 3] });
    // The weights times nothing, and the bias.
    const bias = JSON.parse(readFileSync(new URL('../../../fixtures/onnx/linear.json', import.meta.url), 'utf8'));
    const expected = Buffer.from(bias.graph.initializers[1].bytes, 'hex');
    expect(zero?.data).toEqual(new Float32Array(new Uint8Array(expected).buffer));
  });

  it('runs subgraphs and functions', async () => {
    const control = await open({ model: onnxFixture('control') });
    const x: RunTensor = { type: 'float32', dims: [2], data: Float32Array.of(-1, -2) };
    const { data } = (await control.run(new Map([['x', x]]))).get('y') ?? {};
    // Not positive: x itself is added three times.
    expect(data).toEqual(Float32Array.of(-4, -8));
    const functions = await open({ model: onnxFixture('functions') });
    expect((await functions.run(ONE)).get('y')?.data).toEqual(Float32Array.of(3));
  });

  it.each<RunTensor>([
    { type: 'float32', dims: [2], data: Float32Array.of(1.5, -0) },
    { type: 'float64', dims: [2], data: Float64Array.of(1e300, Number.NaN) },
    { type: 'float16', dims: [2], data: Uint16Array.of(0x3c00, 0x7e01) },
    { type: 'int8', dims: [2], data: Int8Array.of(-128, 127) },
    { type: 'int16', dims: [2], data: Int16Array.of(-32768, 32767) },
    { type: 'int32', dims: [1, 2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
    { type: 'int64', dims: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) },
    { type: 'uint8', dims: [2], data: Uint8Array.of(0, 255) },
    { type: 'uint16', dims: [2], data: Uint16Array.of(0, 65535) },
    { type: 'uint32', dims: [2], data: Uint32Array.of(0, 2 ** 32 - 1) },
    { type: 'uint64', dims: [2], data: BigUint64Array.of(0n, 2n ** 64n - 1n) },
    { type: 'bool', dims: [2], data: Uint8Array.of(0, 1) },
    { type: 'string', dims: [2, 1], data: ['', 'äb'] },
    { type: 'float32', dims: [0, 3], data: Float32Array.of() },
    { type: 'float32', dims: [], data: Float32Array.of(7) },
    { type: 'float32', dims: [700_000], data: new Float32Array(700_000).fill(3) },
  ])('gives back $type of shape $dims as it was given', async (tensor) => {
    const graph = new GraphBuilder('identity');
    graph.output('y', graph.op('Identity', [graph.input('x', tensor.type)]), tensor.type);
    const runner = await open({ model: graph.model() });
    const result = (await runner.run(new Map([['x', tensor]]))).get('y');
    expect(result).toEqual(tensor);
  });

  it('runs one model many times, and in the order of the calls', async () => {
    const runner = await open({ model: onnxFixture('functions') });
    const runs = Array.from({ length: 200 }, (_, i) =>
      runner.run(new Map([['x', { type: 'float32', dims: [1], data: Float32Array.of(i) } as const]])),
    );
    const results = await Promise.all(runs);
    expect(results.map((result) => Number(result.get('y')?.data[0]))).toEqual(runs.map((_, i) => 2 * i + 1));
  });

  it('runs on after a run that the runtime refuses', async () => {
    const runner = await open({ model: onnxFixture('linear') });
    const wrong = new Map([['x', { type: 'float32', dims: [1, 5], data: new Float32Array(5) } as const]]);
    await expect(runner.run(wrong)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('runtime refuses'),
    });
    const right = new Map([['x', { type: 'float32', dims: [1, 4], data: new Float32Array(4) } as const]]);
    expect((await runner.run(right)).get('y')?.dims).toEqual([1, 3]);
  });

  it.each<[string, Map<string, RunTensor>, string]>([
    ['a feed that is missing', new Map(), 'no value for the input "x"'],
    [
      'a feed too many',
      new Map([...ONE, ['z', { type: 'float32', dims: [1], data: Float32Array.of(1) }]]),
      'no input "z"',
    ],
    [
      'a feed of another type',
      new Map([['x', { type: 'float64', dims: [1], data: Float64Array.of(1) }]]),
      'is of float32, not of float64',
    ],
    [
      'a feed that is too short',
      new Map([['x', { type: 'float32', dims: [2], data: Float32Array.of(1) }]]),
      '4 bytes are not float32',
    ],
    [
      'a feed of a negative size',
      new Map([['x', { type: 'float32', dims: [-1], data: Float32Array.of(1) }]]),
      'not float32 of shape [-1]',
    ],
  ])('refuses %s, and runs on', async (_what, feeds, message) => {
    const runner = await open({ model: onnxFixture('functions') });
    await expect(runner.run(feeds)).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
    expect((await runner.run(ONE)).get('y')?.data).toEqual(Float32Array.of(3));
  });

  it('gives the runtime the tensors of the files that the caller has', async () => {
    const data = new MemorySource(
      readFileSync(new URL('../../../fixtures/onnx/external.data', import.meta.url)),
      'external.data',
    );
    const external = (location: string) => (location === 'external.data' ? data : undefined);
    const runner = await open({ model: onnxFixture('external'), external });
    const large = (await runner.run(new Map())).get('large_out');
    expect(large?.dims).toEqual([40, 30]);
    if (large?.type !== 'float32') expect.unreachable('another type');
    expect(Buffer.from(large.data.buffer)).toEqual(Buffer.from(data.readNow(0, 4800)));
  });
});

describe('models that name files', () => {
  it.each([
    '/etc/passwd',
    '../../../etc/passwd',
    '/dev/zero',
    '/proc/self/environ',
    '*/_ORT_MEM_ADDR_/*',
    'model.onnx',
    '.',
    '',
    'file:///etc/passwd',
  ])('never reach the runtime with %j', async (location) => {
    const source = location === '' ? undefined : await onnxSource(pointing(location));
    const model = source ?? pointing(location);
    await expect(openRunner({ model })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('not at hand'),
    });
  });

  it('are refused where the file is too short, or longer than they say', async () => {
    const external = () => new MemorySource(new Uint8Array(60), 'short');
    await expect(openRunner({ model: pointing('short'), external })).rejects.toMatchObject({ code: 'truncated' });
  });

  it.each([
    ['org.example', 'Custom'],
    ['pyop', 'PyOp'],
    ['com.microsoft', 'EPContext'],
    ['ai.onnx.contrib', 'PyCustomOpDef'],
  ])('are refused with the operator %s %s, in a subgraph, too', async (domain, op) => {
    const graph = new GraphBuilder('custom', { [domain]: 1 });
    const yes = graph.input('x', 'bool', []);
    const branch = (name: string) => {
      const inner = graph.subgraph(name);
      inner.output(name, inner.op(op, [], {}, { domain }), 'float32');
      return inner;
    };
    graph.output('y', graph.op('If', [yes], { then_branch: branch('a'), else_branch: branch('b') }), 'float32');
    await expect(openRunner({ model: graph.model() })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(op),
    });
  });

  it('are refused with a field that our reader does not know', async () => {
    const bytes = await bytesOf(writeOnnx(HOSTILE.output(), { externalName: 'x' }).model);
    const model = new MemorySource(Buffer.concat([bytes, Uint8Array.of(0xf8, 0x06, 1)]), 'odd.onnx');
    await expect(openRunner({ model })).rejects.toMatchObject({ code: 'unsupported', subject: 'odd.onnx' });
  });
});

describe('the bounds', () => {
  const limited = (name: keyof typeof HOSTILE, bounds: RunnerOptions['bounds'] = {}) =>
    open({ model: HOSTILE[name](), bounds: { ...PATIENT, ...bounds } });

  it.each(['fill', 'expand', 'tile'] as const)('stop a model that needs too much memory: %s', async (name) => {
    const runner = await limited(name, { sandboxMemoryBytes: 256 * MiB });
    await expect(runner.run(ONE)).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('sandboxMemoryBytes'),
    });
  });

  it('stop a model that does not end by its CPU time, and name it for later runs', async () => {
    const runner = await limited('loop', { sandboxCpuSeconds: 1 });
    for (let i = 0; i < 2; i++) {
      await expect(runner.run(ONE)).rejects.toMatchObject({
        code: 'limit',
        message: expect.stringContaining('sandboxCpuSeconds'),
      });
    }
  });

  it('count the time of each run by itself', async () => {
    const runner = await open({ model: onnxFixture('functions'), bounds: { sandboxWallMs: 3_600_000 } });
    for (let i = 0; i < 20; i++) await runner.run(ONE);
    expect((await runner.run(ONE)).get('y')?.data).toEqual(Float32Array.of(3));
  });

  it('stop a model that does not end by the wall clock', async () => {
    const runner = await limited('loop', { sandboxWallMs: 5_000 });
    await expect(runner.run(ONE)).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('sandboxWallMs'),
    });
  });

  it('stop a model that is folded without end while it is loaded', async () => {
    await expect(limited('folded', { sandboxCpuSeconds: 2, sandboxMemoryBytes: 2048 * MiB })).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('sandboxCpuSeconds'),
    });
  });

  it('stop a chain that takes long to load', async () => {
    await expect(limited('many', { sandboxCpuSeconds: 1 })).rejects.toMatchObject({ code: 'limit' });
  });

  it('stop outputs that are too large', async () => {
    const runner = await limited('output', { sandboxMemoryBytes: 2048 * MiB, maxOutputBytes: MiB });
    await expect(runner.run(ONE)).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('maxOutputBytes'),
    });
  });

  it('hold a model of nested conditions', async () => {
    const runner = await limited('recursion');
    expect((await runner.run(ONE)).get('y')?.data).toEqual(Float32Array.of(-1));
  });

  it('kill the child at once when the caller stops, and leave nothing', async () => {
    const before = folders();
    const stop = new AbortController();
    const runner = await open({ model: HOSTILE.loop(), signal: stop.signal });
    expect(children()).toHaveLength(1);
    const run = runner.run(ONE);
    stop.abort();
    await expect(run).rejects.toMatchObject({ code: 'aborted' });
    expect(children()).toEqual([]);
    expect(folders()).toEqual(before);
  });

  it('kill the child when the runner is closed while it runs', async () => {
    const runner = await open({ model: HOSTILE.loop() });
    const run = runner.run(ONE);
    const failed = expect(run).rejects.toMatchObject({ code: expect.any(String) });
    await runner.close();
    await failed;
    await expect(runner.run(ONE)).rejects.toMatchObject({ code: 'aborted' });
  });

  it('do not start for a caller that has stopped', async () => {
    await expect(openRunner({ model: onnxFixture('linear'), signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('leave nothing of a model that the runtime refuses', async () => {
    const before = folders();
    const graph = new GraphBuilder('wrong');
    graph.output('y', graph.op('NoSuchOperator', [graph.input('x', 'float32')]), 'float32');
    await expect(openRunner({ model: graph.model() })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('NoSuchOperator'),
    });
    expect(folders()).toEqual(before);
  });

  it('hold for tensors of more than fits in one message, which go beside the model', async () => {
    const graph = new GraphBuilder('types');
    const type: DataType = 'float32';
    const weights = graph.constant(tensorOf(new Float32Array(MiB).fill(2), [MiB]), 'w');
    graph.output('y', graph.op('ReduceSum', [weights], { keepdims: 0 }), type, []);
    const whole: OnnxModel = graph.model();
    const runner = await open({ model: await onnxSource(whole) });
    expect((await runner.run(new Map())).get('y')?.data).toEqual(Float32Array.of(2 * MiB));
  });
});
