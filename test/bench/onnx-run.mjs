// Runs of a model in the bounded child process beside the same runs of onnxruntime-node in this process. Runs alone, too:
// npm run build, then node test/bench/onnx-run.mjs

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { claim, finish } from './measure.mjs';

const ROUNDS = 3;

/** @param {{ dist: string }} where the built program */
export async function benchOnnxRun({ dist }) {
  const { chunks } = await import(pathToFileURL(join(dist, 'core/bytes/index.js')).href);
  const onnx = await import(pathToFileURL(join(dist, 'formats/onnx/index.js')).href);
  const ort = await import('onnxruntime-node');
  const kinds = [
    { name: 'a layer of 256 x 256, one row', width: 256, layers: 1, rows: 1, runs: 2_000, atMost: 20 },
    { name: 'four layers of 1024 x 1024, 64 rows', width: 1024, layers: 4, rows: 64, runs: 50, atMost: 1.25 },
  ];
  for (const { name, width, layers, rows, runs, atMost } of kinds) {
    const model = perceptron(onnx, width, layers);
    const parts = [];
    for await (const part of chunks(onnx.writeOnnx(model, { externalName: 'x.data' }).model))
      parts.push(Buffer.from(part));
    const data = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i));
    const feeds = new Map([['x', { type: 'float32', dims: [rows, width], data }]]);

    const session = await ort.InferenceSession.create(Buffer.concat(parts), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      enableCpuMemArena: false,
    });
    const runner = await onnx.openRunner({ model });
    let inside = Number.POSITIVE_INFINITY;
    let bounded = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      inside = Math.min(
        inside,
        await timed(runs, () => session.run({ x: new ort.Tensor('float32', data, [rows, width]) })),
      );
      bounded = Math.min(bounded, await timed(runs, () => runner.run(feeds)));
    }
    const same = Buffer.from((await session.run({ x: new ort.Tensor('float32', data, [rows, width]) })).y.data.buffer);
    if (!same.equals(Buffer.from((await runner.run(feeds)).get('y').data.buffer))) throw new Error('other outputs');
    await runner.close();
    const each = (ms) => `${((1000 * ms) / runs).toFixed(0)} us`;
    const detail = `(in process ${each(inside)}, bounded ${each(bounded)}, the same outputs)`;
    claim(`runs of ${name}, of the time in process`, bounded / inside, { atMost }, detail);
  }
}

function perceptron({ GraphBuilder, tensorOf }, width, layers) {
  const graph = new GraphBuilder('perceptron');
  let value = graph.input('x', 'float32', ['rows', width]);
  for (let layer = 0; layer < layers; layer++) {
    const weights = Float32Array.from({ length: width * width }, (_, i) => Math.cos(i + layer) / width);
    value = graph.op('Relu', [graph.op('MatMul', [value, graph.constant(tensorOf(weights, [width, width]))])]);
  }
  graph.output('y', value, 'float32', ['rows', width]);
  return graph.model();
}

async function timed(runs, run) {
  const started = performance.now();
  for (let i = 0; i < runs; i++) await run();
  return performance.now() - started;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await benchOnnxRun({ dist: new URL('../../dist/src', import.meta.url).pathname });
  finish();
}
