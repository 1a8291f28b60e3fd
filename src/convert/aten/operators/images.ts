import {
  adaptivePool,
  averagePool,
  channelShuffle,
  convolve,
  convolveTransposed,
  type GraphTensor,
  maxPool,
  NEEDS_SHAPE,
  type Padding,
  type PadMode,
  pad,
  pixelShuffle,
  pixelUnshuffle,
  type Resizing,
  resize,
} from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { type AtenDatum, madeDatum } from '../datum.ts';
import { AtenTensor, type AtenTuple, UNSET } from '../values.ts';
import { realTensor } from './combine.ts';

/** Images with a batch: a single one is a batch of one. */
function batched(call: AtenCall, x: GraphTensor, space: number, apply: (x: GraphTensor) => GraphTensor): AtenDatum {
  const { net } = call;
  if (x.shape.length === space + 2) return madeDatum(apply(x));
  if (x.shape.length !== space + 1) throw call.broken(`takes ${space + 2} dimensions, not ${x.shape.length}`);
  const one = net.op('Unsqueeze', [x, net.ints([0])], { type: x.type, shape: [1, ...x.shape] });
  const result = apply(one);
  return madeDatum(net.op('Squeeze', [result, net.ints([0])], { type: x.type, shape: result.shape.slice(1) }));
}

function symmetric(pads: readonly number[]): Padding {
  return pads.map((size): [number, number] => [size, size]);
}

interface Convolving {
  readonly space: number;
  readonly transposed: boolean;
  readonly output: readonly number[];
}

function convolved(call: AtenCall, pads: readonly number[], { space, transposed, output }: Convolving): AtenDatum {
  const { net } = call;
  const [weight, bias] = [call.real('weight'), call.optionalReal('bias')];
  const common = {
    groups: call.int('groups'),
    strides: call.ints('stride', space),
    dilations: call.ints('dilation', space),
    pads: symmetric(pads),
  };
  return batched(call, call.real('input'), space, (x) =>
    transposed
      ? convolveTransposed(net, x, weight, bias, { ...common, outputPads: output })
      : convolve(net, x, weight, bias, common),
  );
}

/** A convolution whose weight says of how many dimensions it is. */
const anyConvolution: AtenLowering = (call) => {
  const space = call.datum('weight').rank - 2;
  const output = call.ints('output_padding', space);
  return convolved(call, call.ints('padding', space), { space, transposed: call.flag('transposed'), output });
};

const convolution =
  (space: number): AtenLowering =>
  (call) =>
    convolved(call, call.ints('padding', space), { space, transposed: false, output: [] });

/** `same` keeps the sizes; the odd element is behind. */
const namedPadding =
  (space: number): AtenLowering =>
  (call) => {
    const { net } = call;
    const padding = call.text('padding');
    if (padding === 'valid')
      return convolved(call, Array<number>(space).fill(0), { space, transposed: false, output: [] });
    if (padding !== 'same') throw call.broken(`has the padding ${JSON.stringify(padding.slice(0, 40))}`);
    const [weight, bias] = [call.real('weight'), call.optionalReal('bias')];
    const dilations = call.ints('dilation', space);
    const pads = dilations.map((dilation, axis): [number, number] => {
      const kernel = weight.shape[axis + 2];
      const all = dilation * ((typeof kernel === 'number' ? kernel : 1) - 1);
      return [Math.floor(all / 2), all - Math.floor(all / 2)];
    });
    const strides = call.ints('stride', space);
    if (strides.some((one) => one !== 1)) throw call.broken('pads to the same size with strides');
    return batched(call, call.real('input'), space, (x) =>
      convolve(net, x, weight, bias, { groups: call.int('groups'), strides, dilations, pads }),
    );
  };

const transposedConvolution =
  (space: number): AtenLowering =>
  (call) =>
    convolved(call, call.ints('padding', space), {
      space,
      transposed: true,
      output: call.ints('output_padding', space),
    });

function windowOf(call: AtenCall, space: number) {
  const kernel = call.ints('kernel_size', space);
  const given = call.isNone('stride') ? [] : call.items('stride');
  const strides = given.length === 0 ? kernel : call.ints('stride', space);
  return { kernel, strides, pads: symmetric(call.ints('padding', space)), ceil: call.flag('ceil_mode') };
}

const maximum =
  (space: number): AtenLowering =>
  (call) => {
    const options = { ...windowOf(call, space), dilations: call.ints('dilation', space) };
    return batched(call, call.real('self'), space, (x) => maxPool(call.net, x, options));
  };

/** The places of the maxima are not converted: a program that uses them is refused. */
function withoutPlaces(result: AtenDatum): AtenTuple {
  return { kind: 'tuple', items: [new AtenTensor(result), UNSET] };
}

const maximumAlone =
  (space: number): AtenLowering =>
  (call) => {
    const options = { ...windowOf(call, space), dilations: call.ints('dilation', space) };
    return withoutPlaces(batched(call, call.real('self'), space, (x) => maxPool(call.net, x, options)));
  };

const average =
  (space: number): AtenLowering =>
  (call) => {
    const divisor = space === 1 ? undefined : call.optionalInt('divisor_override');
    const options = { ...windowOf(call, space), countPads: call.flag('count_include_pad'), divisor };
    return batched(call, call.real('self'), space, (x) => averagePool(call.net, x, options));
  };

const adaptive =
  (space: number, kind: 'average' | 'max'): AtenLowering =>
  (call) => {
    const sizes = call.ints('output_size', space);
    const result = batched(call, call.real('self'), space, (x) => adaptivePool(call.net, x, kind, sizes));
    return kind === 'average' ? result : withoutPlaces(result);
  };

/** Sizes before and behind, of the last dimension first. */
function padsFrom(call: AtenCall, x: GraphTensor, list: readonly number[]): Padding {
  if (list.length % 2 !== 0 || list.length / 2 > x.shape.length) throw call.broken(`has ${list.length} paddings`);
  return x.shape.map((_, axis): [number, number] => {
    const at = 2 * (x.shape.length - 1 - axis);
    return [list[at] ?? 0, list[at + 1] ?? 0];
  });
}

const constantPad: AtenLowering = (call) => {
  const x = call.real('self');
  return madeDatum(
    pad(call.net, x, { kind: 'constant', value: call.number('value') }, padsFrom(call, x, call.ints('pad'))),
  );
};

const mirrorPad =
  (mode: PadMode): AtenLowering =>
  (call) => {
    const x = call.real('self');
    return madeDatum(pad(call.net, x, mode, padsFrom(call, x, call.ints('padding'))));
  };

const MODES: ReadonlyMap<string, PadMode> = new Map([
  ['reflect', { kind: 'reflect' }],
  ['replicate', { kind: 'edge' }],
  ['circular', { kind: 'wrap' }],
]);

const namedPad: AtenLowering = (call) => {
  const x = call.real('self');
  const mode = call.text('mode');
  const constant: PadMode = { kind: 'constant', value: call.optionalNumber('value') ?? 0 };
  const known = mode === 'constant' ? constant : MODES.get(mode);
  if (known === undefined) throw call.refuse(`its mode is ${JSON.stringify(mode.slice(0, 40))}`);
  return madeDatum(pad(call.net, x, known, padsFrom(call, x, call.ints('pad'))));
};

interface Sizing {
  readonly space: number;
  readonly mode: Resizing['mode'];
}

function resized(
  call: AtenCall,
  x: GraphTensor,
  { space, mode }: Sizing,
  corners: boolean,
  factors?: number[],
): AtenDatum {
  const coordinates = mode === 'nearest' ? 'asymmetric' : corners ? 'align_corners' : 'half_pixel';
  const options: Resizing = { mode, coordinates, ...(mode === 'nearest' ? { rounding: 'floor' } : {}) };
  // What ONNX computes with a factor of its own differs where it does not divide the size.
  if (factors !== undefined && x.shape.slice(2).some((size, i) => notWhole(size, factors[i] ?? 1)))
    throw call.refuse('its factors do not make whole sizes of the input', NEEDS_SHAPE);
  const to = factors === undefined ? { sizes: call.ints('output_size', space) } : { factors };
  return batched(call, x, space, (images) => resize(call.net, images, to, options));
}

function notWhole(size: unknown, factor: number): boolean {
  return typeof size === 'number' ? !Number.isInteger(size * factor) : !Number.isInteger(factor);
}

/** `upsample_bilinear2d.vec`: a size, or factors. */
const sized =
  (sizing: Sizing, linear: boolean): AtenLowering =>
  (call) => {
    const corners = linear && call.flag('align_corners');
    const factors = call.isNone('output_size')
      ? call.items('scale_factors').map((one) => {
          if (typeof one === 'object' && one !== null && (one.kind === 'float' || one.kind === 'int')) return one.value;
          throw call.broken('has a factor that is not a number');
        })
      : undefined;
    return resized(call, realTensor(call.net, call.datum('input')), sizing, corners, factors);
  };

/** `upsample_bilinear2d`: a size, and the factors that it was made of, which PyTorch computes with. */
const scaledTo =
  (sizing: Sizing, linear: boolean): AtenLowering =>
  (call) => {
    const x = call.real('self');
    const sizes = call.ints('output_size', sizing.space);
    const names = sizing.space === 1 ? ['scales'] : ['scales_d', 'scales_h', 'scales_w'].slice(3 - sizing.space);
    for (const [axis, name] of names.entries()) {
      const [factor, from] = [call.optionalNumber(name), x.shape[axis + 2]];
      if (factor !== undefined && typeof from === 'number' && from * factor !== sizes[axis])
        throw call.refuse('its factors do not make whole sizes of the input');
    }
    return resized(call, x, sizing, linear && call.flag('align_corners'));
  };

function upsampling(): [string, AtenLowering][] {
  const kinds: [name: string, sizing: Sizing, linear: boolean][] = [
    ['upsample_nearest1d', { space: 1, mode: 'nearest' }, false],
    ['upsample_nearest2d', { space: 2, mode: 'nearest' }, false],
    ['upsample_nearest3d', { space: 3, mode: 'nearest' }, false],
    ['upsample_linear1d', { space: 1, mode: 'linear' }, true],
    ['upsample_bilinear2d', { space: 2, mode: 'linear' }, true],
    ['upsample_trilinear3d', { space: 3, mode: 'linear' }, true],
    ['upsample_bicubic2d', { space: 2, mode: 'cubic' }, true],
  ];
  return kinds.flatMap(([name, sizing, linear]): [string, AtenLowering][] => {
    const corners = linear ? ', bool align_corners' : '';
    const scales = sizing.space === 1 ? ['scales'] : ['scales_d', 'scales_h', 'scales_w'].slice(3 - sizing.space);
    const list = scales.map((scale) => `, float? ${scale}=None`).join('');
    return [
      [`${name}.vec(Tensor input, int[]? output_size${corners}, float[]? scale_factors)`, sized(sizing, linear)],
      [`${name}(Tensor self, int[${sizing.space}] output_size${corners}${list})`, scaledTo(sizing, linear)],
    ];
  });
}

const POOL = (n: number) =>
  `Tensor self, int[${n}] kernel_size, int[${n}] stride=[], int[${n}] padding=0, int[${n}] dilation=1, bool ceil_mode=False`;
const AVERAGE = (n: number) =>
  `Tensor self, int[${n}] kernel_size, int[${n}] stride=[], int[${n}] padding=0, bool ceil_mode=False, bool count_include_pad=True`;
const CONV = 'Tensor input, Tensor weight, Tensor? bias=None';

function bySpace(n: number): [string, AtenLowering][] {
  const divisor = n === 1 ? '' : ', int? divisor_override=None';
  const form = `int[${n}] stride=1, int[${n}] padding=0, int[${n}] dilation=1, int groups=1`;
  const turned = `int[${n}] stride=1, int[${n}] padding=0, int[${n}] output_padding=0, int groups=1, int[${n}] dilation=1`;
  return [
    [`conv${n}d(${CONV}, ${form})`, convolution(n)],
    [
      `conv${n}d.padding(${CONV}, int[${n}] stride=1, str padding="valid", int[${n}] dilation=1, int groups=1)`,
      namedPadding(n),
    ],
    [`conv_transpose${n}d${n === 1 ? '' : '.input'}(${CONV}, ${turned})`, transposedConvolution(n)],
    [`max_pool${n}d(${POOL(n)})`, maximum(n)],
    [`max_pool${n}d_with_indices(${POOL(n)})`, maximumAlone(n)],
    [`avg_pool${n}d(${AVERAGE(n)}${divisor})`, average(n)],
    [`adaptive_avg_pool${n}d(Tensor self, int[${n}] output_size)`, adaptive(n, 'average')],
    [`_adaptive_avg_pool${n}d(Tensor self, int[${n}] output_size)`, adaptive(n, 'average')],
    [`adaptive_max_pool${n}d(Tensor self, int[${n}] output_size)`, adaptive(n, 'max')],
    [`reflection_pad${n}d(Tensor self, int[${2 * n}] padding)`, mirrorPad({ kind: 'reflect' })],
    [`replication_pad${n}d(Tensor self, int[${2 * n}] padding)`, mirrorPad({ kind: 'edge' })],
  ];
}

const ANY = `Tensor input, Tensor weight, Tensor? bias, int[] stride, int[] padding, int[] dilation, bool transposed, int[] output_padding, int groups`;

export const ATEN_IMAGES: AtenFamily = Object.fromEntries<AtenLowering>([
  [`_convolution(${ANY}, bool benchmark, bool deterministic, bool cudnn_enabled, bool allow_tf32)`, anyConvolution],
  [`_convolution.deprecated(${ANY}, bool benchmark, bool deterministic, bool cudnn_enabled)`, anyConvolution],
  [`convolution(${ANY})`, anyConvolution],
  ...[1, 2, 3].flatMap(bySpace),
  ...upsampling(),
  [
    '_convolution_mode(Tensor input, Tensor weight, Tensor? bias, int[] stride, str padding, int[] dilation, int groups)',
    (call) => namedPadding(call.datum('weight').rank - 2)(call),
  ],
  ['constant_pad_nd(Tensor self, int[] pad, Scalar value=0)', constantPad],
  ['pad(Tensor self, int[] pad, str mode="constant", float? value=None)', namedPad],
  [
    'pixel_shuffle(Tensor self, int upscale_factor)',
    (call) => madeDatum(pixelShuffle(call.net, call.real('self'), call.int('upscale_factor'))),
  ],
  [
    'pixel_unshuffle(Tensor self, int downscale_factor)',
    (call) => madeDatum(pixelUnshuffle(call.net, call.real('self'), call.int('downscale_factor'))),
  ],
  [
    'channel_shuffle(Tensor self, int groups)',
    (call) => madeDatum(channelShuffle(call.net, call.real('self'), call.int('groups'))),
  ],
]);
