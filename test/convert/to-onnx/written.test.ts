import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { linear } from '../../../src/convert/network/dense.ts';
import { Network } from '../../../src/convert/network/network.ts';
import { modelFiles } from '../../../src/convert/to-onnx/written.ts';
import { withReadOptions } from '../convert-bytes.ts';
import { weightOf } from '../network/run-network.ts';

async function filesOf(path: string, maxModelBytes?: number): Promise<Map<string, Buffer>> {
  return await withReadOptions(1_000_000, {}, async (options) => {
    const net = new Network(options, 'model.pt');
    const x = net.input('x', 'float32', ['batch', 40]);
    net.output('y', linear(net, x, net.weight(weightOf([50, 40], { name: 'a' })), net.weight(weightOf([50]))));
    const bound = maxModelBytes === undefined ? {} : { maxModelBytes };
    const files = modelFiles({ path, from: ['model.pt'], title: 'model', model: net.graph.model(), ...bound });
    const written = new Map<string, Buffer>();
    for (const file of files) {
      const pieces: Buffer[] = [];
      for await (const piece of file.pieces(undefined)) pieces.push(Buffer.from(piece));
      const bytes = Buffer.concat(pieces);
      expect(bytes.length).toBe(file.size);
      written.set(file.path, bytes);
    }
    return written;
  });
}

test('a model that is too large for one file has its tensors in a second one, with which it computes the same', async () => {
  const whole = await filesOf('nets/model.onnx');
  const parted = await filesOf('nets/model.onnx', 1_000);
  expect([...whole.keys()]).toEqual(['nets/model.onnx']);
  expect([...parted.keys()]).toEqual(['nets/model.onnx', 'nets/model.onnx.data']);
  expect(parted.get('nets/model.onnx.data')).toEqual(Buffer.from(await weightOf([50, 40]).bytes.read(0, 8_000)));
  const feed = {
    x: new Tensor(
      'float32',
      Float32Array.from({ length: 40 }, (_, i) => i / 7),
      [1, 40],
    ),
  };
  const external = parted.get('nets/model.onnx.data') ?? Buffer.of();
  const first = await InferenceSession.create(whole.get('nets/model.onnx') ?? Buffer.of());
  const second = await InferenceSession.create(parted.get('nets/model.onnx') ?? Buffer.of(), {
    externalData: [{ data: external, path: 'model.onnx.data' }],
  });
  expect((await second.run(feed)).y?.data).toEqual((await first.run(feed)).y?.data);
});

test.each([
  ['my model (1).onnx', 'my_model__1_.onnx.data'],
  ['.hidden.onnx', '_hidden.onnx.data'],
  ['-.onnx', '_.onnx.data'],
  [`${'a'.repeat(300)}.onnx`, `${'a'.repeat(175)}.onnx.data`],
])('the tensors of %s are in %s', async (path, name) => {
  expect([...(await filesOf(path, 1_000)).keys()]).toEqual([path, name]);
});
