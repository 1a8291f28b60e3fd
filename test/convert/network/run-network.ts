import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Network } from '../../../src/convert/network/network.ts';
import type { GraphSize, GraphTensor } from '../../../src/convert/network/shape.ts';
import type { Tensor as Weight } from '../../../src/convert/tensors/tensor.ts';
import { rowMajor } from '../../../src/convert/tensors/tensor.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { writeOnnx } from '../../../src/formats/onnx/write/write.ts';
import { withReadOptions } from '../convert-bytes.ts';

/** A tensor of 32-bit numbers that count up in small steps. */
export function weightOf(shape: readonly number[], change: Partial<Weight> = {}): Weight {
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = new Uint8Array(Float32Array.from({ length: count }, (_, i) => ((i % 11) - 5) / 8).buffer);
  const source = new MemorySource(bytes, 'weights');
  return {
    name: 'weight',
    dtype: 'F32',
    shape,
    strides: rowMajor(shape),
    offset: 0,
    bytes: source,
    bigEndian: false,
    ...change,
  };
}

export interface Ran {
  /** What was known of the result before it was computed. */
  readonly planned: readonly GraphSize[];
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

/** Builds a network, and runs it on numbers that count up in small steps. @param sizes of the input, whose names have these values */
export async function runNetwork(
  shape: readonly GraphSize[],
  values: Readonly<Record<string, number>>,
  build: (net: Network, x: GraphTensor) => GraphTensor,
): Promise<Ran> {
  return await withReadOptions(1_000_000, {}, async (options) => {
    const net = new Network(options, 'model.pt');
    const result = build(net, net.input('x', 'float32', shape));
    net.output('y', net.cast(result, 'float32'));
    const { model } = writeOnnx(net.graph.model(), { externalName: 'tensors.data' });
    const session = await InferenceSession.create(Buffer.from(await model.read(0, model.size)), {
      intraOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    const dims = shape.map((size) => (typeof size === 'number' ? size : (values[size ?? ''] ?? 1)));
    const count = dims.reduce((product, size) => product * size, 1);
    const x = new Tensor(
      'float32',
      Float32Array.from({ length: count }, (_, i) => ((i * 7) % 13) / 4 - 1.5),
      dims,
    );
    const { y } = await session.run({ x });
    await session.release();
    if (y === undefined) throw new Error('no output');
    return { planned: result.shape, dims: y.dims, data: [...y.data].map(Number) };
  });
}
