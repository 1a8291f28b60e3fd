import { float } from '../../../../src/formats/onnx/build/attributes.ts';
import type { Attributes, GraphBuilder, GraphValue } from '../../../../src/formats/onnx/build/builder.ts';
import { numbers, type TranslatedCase } from '../models.ts';
import { constant } from './elements.ts';

/** Weights that are the same each time. */
export function weights(graph: GraphBuilder, dims: readonly number[], seed = 11): GraphValue {
  const values = numbers(dims, seed).data.map((value) => Number(value) / 4);
  return constant(graph, Float32Array.from(values), dims);
}

interface Layer {
  readonly op: string;
  readonly filter?: readonly number[];
  readonly bias?: number;
  readonly attributes?: Attributes;
}

/** Some layers, each given the same image. */
function layers(
  dims: readonly number[],
  all: Readonly<Record<string, Layer>>,
  shape: readonly (number | string)[] = ['batch', ...dims.slice(1)],
): TranslatedCase {
  return {
    build: (graph) => {
      const x = graph.input('x', 'float32', shape);
      for (const [name, { op, filter, bias, attributes = {} }] of Object.entries(all)) {
        const inputs = [x, ...(filter === undefined ? [] : [weights(graph, filter)])];
        if (bias !== undefined) inputs.push(weights(graph, [bias], 5));
        graph.output(name, graph.op(op, inputs, attributes), 'float32');
      }
    },
    feeds: { x: numbers(dims) },
  };
}

const CONVOLUTIONS: Readonly<Record<string, Layer>> = {
  plain: { op: 'Conv', filter: [6, 4, 3, 3], bias: 6 },
  padded: { op: 'Conv', filter: [2, 4, 3, 2], attributes: { pads: [1, 0, 2, 1], strides: [2, 1] } },
  dilated: { op: 'Conv', filter: [2, 4, 2, 2], attributes: { dilations: [2, 3] } },
  grouped: { op: 'Conv', filter: [6, 2, 3, 3], bias: 6, attributes: { group: 2, pads: [1, 1, 1, 1] } },
  depthwise: { op: 'Conv', filter: [8, 1, 3, 3], attributes: { group: 4, strides: [2, 1] } },
  valid: { op: 'Conv', filter: [2, 4, 3, 3], attributes: { auto_pad: 'VALID' } },
  upper: { op: 'Conv', filter: [2, 4, 3, 2], attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] } },
};

const POOLS: Readonly<Record<string, Layer>> = {
  max: { op: 'MaxPool', attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  padded: { op: 'MaxPool', attributes: { kernel_shape: [3, 2], pads: [1, 0, 1, 1] } },
  mean: { op: 'AveragePool', attributes: { kernel_shape: [2, 3] } },
  within: { op: 'AveragePool', attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] } },
  all: { op: 'AveragePool', attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 } },
  globalMean: { op: 'GlobalAveragePool' },
  globalMax: { op: 'GlobalMaxPool' },
};

export const IMAGES: Readonly<Record<string, TranslatedCase>> = {
  convolutions: layers([2, 4, 8, 7], {
    ...CONVOLUTIONS,
    lower: { op: 'Conv', filter: [2, 4, 2, 3], attributes: { auto_pad: 'SAME_LOWER' } },
  }),
  'convolutions of images of unknown size': layers([2, 4, 8, 7], CONVOLUTIONS, ['batch', 4, 'height', 'width']),
  'convolutions of one dimension': layers([2, 4, 9], {
    plain: { op: 'Conv', filter: [6, 4, 3], bias: 6, attributes: { pads: [1, 2], strides: [2] } },
    grouped: { op: 'Conv', filter: [4, 1, 2], attributes: { group: 4, dilations: [2] } },
    turned: {
      op: 'ConvTranspose',
      filter: [4, 3, 3],
      bias: 3,
      attributes: { strides: [2], pads: [1, 1], output_padding: [1] },
    },
    max: { op: 'MaxPool', attributes: { kernel_shape: [3], strides: [2], pads: [1, 1] } },
    mean: { op: 'AveragePool', attributes: { kernel_shape: [3], pads: [1, 1] } },
    globalMean: { op: 'GlobalAveragePool' },
  }),
  'convolutions of three dimensions': layers([1, 2, 4, 5, 6], {
    plain: {
      op: 'Conv',
      filter: [3, 2, 2, 3, 2],
      bias: 3,
      attributes: { pads: [0, 1, 0, 1, 1, 0], strides: [1, 2, 1] },
    },
    max: { op: 'MaxPool', attributes: { kernel_shape: [2, 2, 2], strides: [2, 2, 2] } },
    mean: { op: 'AveragePool', attributes: { kernel_shape: [2, 2, 2] } },
  }),
  'transposed convolutions': layers([2, 4, 5, 3], {
    plain: { op: 'ConvTranspose', filter: [4, 3, 3, 2], bias: 3 },
    strided: {
      op: 'ConvTranspose',
      filter: [4, 3, 3, 3],
      attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
    },
    uneven: { op: 'ConvTranspose', filter: [4, 3, 2, 3], attributes: { strides: [3, 1], pads: [0, 1, 1, 0] } },
    grouped: { op: 'ConvTranspose', filter: [4, 3, 2, 2], bias: 6, attributes: { group: 2, strides: [2, 2] } },
  }),
  'transposed convolutions of images of unknown size': layers(
    [2, 4, 5, 3],
    {
      dilated: { op: 'ConvTranspose', filter: [4, 3, 3, 2], attributes: { dilations: [2, 3], strides: [2, 1] } },
      strided: {
        op: 'ConvTranspose',
        filter: [4, 3, 3, 3],
        bias: 3,
        attributes: { strides: [2, 2], pads: [1, 0, 1, 2] },
      },
    },
    ['batch', 4, 'height', 'width'],
  ),
  pools: layers([2, 3, 7, 6], {
    ...POOLS,
    up: { op: 'MaxPool', attributes: { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 } },
    meanUp: { op: 'AveragePool', attributes: { kernel_shape: [2, 3], strides: [3, 2], ceil_mode: 1 } },
    meanUpPadded: {
      op: 'AveragePool',
      attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, pads: [1, 1, 1, 1] },
    },
    upper: { op: 'AveragePool', attributes: { kernel_shape: [2, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' } },
  }),
  'pools of images of unknown size': layers(
    [2, 3, 7, 6],
    { ...POOLS, up: { op: 'MaxPool', attributes: { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 } } },
    ['batch', 3, 'height', 'width'],
  ),
  normalizations: {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 3, 4, 5]);
      const flat = graph.op('ReduceMean', [x], { axes: [2, 3], keepdims: 0 });
      const statistics = () => [
        weights(graph, [3], 2),
        weights(graph, [3], 3),
        weights(graph, [3], 4),
        constant(graph, Float32Array.of(0.5, 1.5, 2)),
      ];
      graph.output('batch', graph.op('BatchNormalization', [x, ...statistics()], { epsilon: float(1e-3) }), 'float32');
      graph.output('vectors', graph.op('BatchNormalization', [flat, ...statistics()]), 'float32');
      graph.output(
        'instance',
        graph.op('InstanceNormalization', [x, weights(graph, [3], 2), weights(graph, [3], 3)]),
        'float32',
      );
      graph.output(
        'layer',
        graph.op('LayerNormalization', [x, weights(graph, [5], 2), weights(graph, [5], 3)]),
        'float32',
      );
      const response = { size: 5, alpha: float(0.02), beta: float(0.6), bias: float(1.5) };
      graph.output('response', graph.op('LRN', [x], response), 'float32');
      graph.output('layers', graph.op('LayerNormalization', [x, weights(graph, [4, 5], 2)], { axis: 2 }), 'float32');
    },
    feeds: { x: numbers([2, 3, 4, 5]) },
  },
  'sizes that TensorFlow has no operation for': {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 2, 4, 6]);
      const scales = constant(graph, Float32Array.of(1, 1, 1.7, 0.6));
      const resize = (name: string, attributes: Attributes) =>
        graph.output(name, graph.op('Resize', [x, undefined, scales], attributes), 'float32');
      const way = (name: string) => ({ coordinate_transformation_mode: name });
      resize('cubic', { mode: 'cubic' });
      resize('cubicCorners', { mode: 'cubic', cubic_coeff_a: float(-0.5), ...way('align_corners') });
      resize('linear', { mode: 'linear', ...way('asymmetric') });
      resize('up', { mode: 'nearest', nearest_mode: 'ceil' });
      resize('preferring', { mode: 'nearest', nearest_mode: 'round_prefer_ceil', ...way('asymmetric') });
      const batch = graph.op('Shape', [x], { start: 0, end: 1 });
      const sizes = graph.op('Concat', [batch, constant(graph, BigInt64Array.of(2n, 1n, 9n))], { axis: 0 });
      const one = { mode: 'linear', ...way('pytorch_half_pixel') };
      graph.output('one', graph.op('Resize', [x, undefined, undefined, sizes], one), 'float32');
      const line = graph.op('ReduceMean', [x], { axes: [2], keepdims: 0 });
      const third = constant(graph, Float32Array.of(1, 1, 1 / 3));
      graph.output('line', graph.op('Resize', [line, undefined, third], { mode: 'linear' }), 'float32');
    },
    feeds: { x: numbers([3, 2, 4, 6], 8) },
  },
  'padding by edges, and by less than nothing': {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 3, 'length']);
      const pad = (name: string, pads: readonly number[], attributes: Attributes) =>
        graph.output(
          name,
          graph.op('Pad', [x, constant(graph, BigInt64Array.from(pads, BigInt))], attributes),
          'float32',
        );
      pad('edge', [0, 1, 2, 0, 0, 3], { mode: 'edge' });
      pad('cut', [0, -1, -2, 0, 0, -1], { mode: 'constant' });
      pad('both', [0, 0, -2, 0, 1, 4], { mode: 'constant' });
    },
    feeds: { x: numbers([2, 3, 7], 3) },
  },
  'sizes of images': {
    build: (graph) => {
      const x = graph.input('x', 'float32', ['batch', 8, 4, 6]);
      const scales = constant(graph, Float32Array.of(1, 1, 2, 2));
      const halves = constant(graph, Float32Array.of(1, 1, 0.5, 0.5));
      const resize = (factor: GraphValue, attributes: Attributes) =>
        graph.op('Resize', [x, undefined, factor], attributes);
      const coordinate = (way: string) => ({ coordinate_transformation_mode: way });
      graph.output(
        'nearest',
        resize(scales, { ...coordinate('asymmetric'), mode: 'nearest', nearest_mode: 'floor' }),
        'float32',
      );
      graph.output('half', resize(scales, { ...coordinate('half_pixel'), mode: 'nearest' }), 'float32');
      graph.output('linear', resize(scales, { mode: 'linear' }), 'float32');
      graph.output('smaller', resize(halves, { mode: 'linear', ...coordinate('pytorch_half_pixel') }), 'float32');
      graph.output('corners', resize(scales, { mode: 'linear', ...coordinate('align_corners') }), 'float32');
      const batch = graph.op('Shape', [x], { start: 0, end: 2 });
      const sizes = graph.op('Concat', [batch, constant(graph, BigInt64Array.of(7n, 9n))], { axis: 0 });
      graph.output('sizes', graph.op('Resize', [x, undefined, undefined, sizes], { mode: 'linear' }), 'float32');
      graph.output('deep', graph.op('SpaceToDepth', [x], { blocksize: 2 }), 'float32');
      graph.output('wide', graph.op('DepthToSpace', [x], { blocksize: 2 }), 'float32');
      graph.output('shuffled', graph.op('DepthToSpace', [x], { blocksize: 2, mode: 'CRD' }), 'float32');
    },
    feeds: { x: numbers([2, 8, 4, 6]) },
  },
};
