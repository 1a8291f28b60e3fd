import { expect, test } from 'vitest';
import { gatedLinear, prelu, softmax } from '../../../src/convert/network/activation.ts';
import { attention, causalMask, mergeHeads, positions, splitHeads } from '../../../src/convert/network/attention.ts';
import {
  channelShuffle,
  convolve,
  convolveTransposed,
  pixelShuffle,
  pixelUnshuffle,
} from '../../../src/convert/network/convolution.ts';
import { bilinear, linear } from '../../../src/convert/network/dense.ts';
import {
  flatten,
  reshape,
  slice,
  split,
  squeeze,
  swapAxes,
  takeOne,
  unsqueeze,
} from '../../../src/convert/network/layout.ts';
import type { Network } from '../../../src/convert/network/network.ts';
import { groupNormalization, layerNormalization, localResponse } from '../../../src/convert/network/normalization.ts';
import { pad } from '../../../src/convert/network/padding.ts';
import { adaptivePool, averagePool, globalPool, maxPool, powerPool } from '../../../src/convert/network/pooling.ts';
import { recur } from '../../../src/convert/network/recurrent.ts';
import { resize } from '../../../src/convert/network/resize.ts';
import type { GraphSize, GraphTensor } from '../../../src/convert/network/shape.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { runNetwork, weightOf } from './run-network.ts';

type Build = (net: Network, x: GraphTensor) => GraphTensor;

const IMAGE: readonly GraphSize[] = ['batch', 4, 9, 7];
const OPEN: readonly GraphSize[] = ['batch', 4, 'height', 'width'];
const TEXT: readonly GraphSize[] = ['batch', 'length', 6];
const SIZES = { batch: 2, height: 9, width: 7, length: 5 };
const square = (kernel: number, stride: number, pads: number) => ({
  kernel: [kernel, kernel],
  strides: [stride, stride],
  dilations: [1, 1],
  pads: [
    [pads, pads],
    [pads, pads],
  ] as const,
});
const cell = (net: Network, rows: number, width: number, hidden: number) => ({
  input: net.weight(weightOf([rows, width])),
  hidden: net.weight(weightOf([rows, hidden])),
  inputBias: net.weight(weightOf([rows])),
  hiddenBias: undefined,
});

const CASES: readonly (readonly [string, readonly GraphSize[], Build])[] = [
  [
    'convolution',
    IMAGE,
    (net, x) =>
      convolve(net, x, net.weight(weightOf([6, 2, 3, 3])), net.weight(weightOf([6])), {
        ...square(3, 2, 1),
        groups: 2,
      }),
  ],
  [
    'convolution, same',
    OPEN,
    (net, x) =>
      convolve(net, x, net.weight(weightOf([6, 4, 3, 3])), undefined, {
        ...square(3, 2, 1),
        pads: 'same-upper',
        groups: 1,
      }),
  ],
  [
    'transposed convolution',
    IMAGE,
    (net, x) =>
      convolveTransposed(net, x, net.weight(weightOf([4, 3, 3, 3])), undefined, {
        ...square(3, 2, 1),
        groups: 2,
        outputPads: [1, 0],
      }),
  ],
  ['maximum pool', IMAGE, (net, x) => maxPool(net, x, { ...square(2, 2, 0), ceil: true })],
  ['maximum pool that drops its last step', IMAGE, (net, x) => maxPool(net, x, { ...square(2, 3, 1), ceil: true })],
  [
    'average pool',
    IMAGE,
    (net, x) => averagePool(net, x, { ...square(3, 2, 1), ceil: true, countPads: true, divisor: undefined }),
  ],
  [
    'divided pool',
    IMAGE,
    (net, x) => averagePool(net, x, { ...square(3, 2, 1), ceil: false, countPads: true, divisor: 5 }),
  ],
  [
    'power pool',
    IMAGE,
    (net, x) => powerPool(net, net.unary('Abs', x), 2, { kernel: [2, 2], strides: [2, 2], ceil: false }),
  ],
  ['adaptive pool', IMAGE, (net, x) => adaptivePool(net, x, 'average', [4, 3])],
  ['adaptive maximum', IMAGE, (net, x) => adaptivePool(net, x, 'max', [4, undefined])],
  ['global pool', OPEN, (net, x) => globalPool(net, x, 'max')],
  ['flatten', IMAGE, (net, x) => flatten(net, x, 1)],
  ['flatten, open', OPEN, (net, x) => flatten(net, x, 2)],
  ['flatten with the batch', OPEN, (net, x) => flatten(net, x, 0, 1)],
  ['reshape that moves a name', TEXT, (net, x) => reshape(net, x, ['length', 'batch', 2, 3])],
  ['reshape with a rest', IMAGE, (net, x) => reshape(net, x, ['batch', 7, undefined])],
  ['slice from the end', OPEN, (net, x) => slice(net, x, 3, -2)],
  ['split', IMAGE, (net, x) => split(net, x, 1, 2)[1] ?? x],
  ['pick', IMAGE, (net, x) => takeOne(net, x, 2, -1)],
  ['unsqueeze and squeeze', IMAGE, (net, x) => squeeze(net, unsqueeze(net, x, -1), 4)],
  ['swap', IMAGE, (net, x) => swapAxes(net, x, 1, -1)],
  [
    'reflecting pad',
    IMAGE,
    (net, x) =>
      pad(net, x, { kind: 'reflect' }, [
        [0, 0],
        [0, 0],
        [1, 2],
        [0, 3],
      ]),
  ],
  [
    'circular pad',
    OPEN,
    (net, x) =>
      pad(net, x, { kind: 'wrap' }, [
        [0, 0],
        [0, 0],
        [1, 2],
        [0, 3],
      ]),
  ],
  [
    'negative pad',
    IMAGE,
    (net, x) =>
      pad(net, x, { kind: 'constant', value: 1 }, [
        [0, 0],
        [0, 0],
        [-1, 2],
        [0, -3],
      ]),
  ],
  [
    'group normalisation',
    OPEN,
    (net, x) => groupNormalization(net, x, 2, { scale: net.weight(weightOf([4])), offset: undefined }, 1e-5),
  ],
  [
    'layer normalisation',
    TEXT,
    (net, x) => layerNormalization(net, x, [6], { scale: net.weight(weightOf([6])), offset: undefined }, 1e-5),
  ],
  ['local response', OPEN, (net, x) => localResponse(net, x, { size: 3, alpha: 1e-2, beta: 0.75, k: 2 })],
  ['linear', TEXT, (net, x) => linear(net, x, net.weight(weightOf([4, 6])), net.weight(weightOf([4])))],
  ['bilinear', ['batch', 3], (net, x) => bilinear(net, x, x, net.weight(weightOf([2, 3, 3])), undefined)],
  [
    'attention',
    TEXT,
    (net, x) => {
      const q = splitHeads(net, x, 2);
      return mergeHeads(net, attention(net, q, q, q, { mask: causalMask(net, x, 1) }));
    },
  ],
  ['positions', TEXT, (net, x) => positions(net, x, 1)],
  [
    'recurrence',
    TEXT,
    (net, x) =>
      recur(net, swapAxes(net, x, 0, 1), [cell(net, 12, 6, 3), cell(net, 12, 6, 3)], {
        cell: 'lstm',
        gates: 'ifco',
        hidden: 3,
        direction: 'bidirectional',
      }).sequence,
  ],
  [
    'recurrent state',
    TEXT,
    (net, x) =>
      recur(net, swapAxes(net, x, 0, 1), [cell(net, 9, 6, 3)], {
        cell: 'gru',
        gates: 'rzh',
        hidden: 3,
        direction: 'reverse',
        resetAfter: true,
      }).hidden,
  ],
  [
    'resize by factors',
    OPEN,
    (net, x) => resize(net, x, { factors: [2, 1.5] }, { mode: 'linear', coordinates: 'half_pixel' }),
  ],
  [
    'resize to sizes',
    OPEN,
    (net, x) => resize(net, x, { sizes: [5, 12] }, { mode: 'cubic', coordinates: 'align_corners' }),
  ],
  ['pixel shuffle', OPEN, (net, x) => pixelShuffle(net, x, 2)],
  ['pixel unshuffle', ['batch', 2, 4, 6], (net, x) => pixelUnshuffle(net, x, 2)],
  ['channel shuffle', OPEN, (net, x) => channelShuffle(net, x, 2)],
  ['gated linear', IMAGE, (net, x) => gatedLinear(net, x, 1)],
  ['softmax', TEXT, (net, x) => softmax(net, x, -1)],
  ['slopes', IMAGE, (net, x) => prelu(net, x, net.reals([0.1, 0.2, 0.3, 0.4], [4, 1, 1]))],
];

test.each(CASES)('%s has the shape that is planned', async (_, shape, build) => {
  const { planned, dims, data } = await runNetwork(shape, SIZES, build);
  const expected = planned.map((size, i) =>
    typeof size === 'number' ? size : size === undefined ? dims[i] : SIZES[size as keyof typeof SIZES],
  );
  expect(dims).toEqual(expected);
  expect(data.every(Number.isFinite)).toBe(true);
});

test('a weight stays as it is, whatever its strides and its byte order', async () => {
  const turned = weightOf([2, 3], { strides: [1, 2] });
  const { data } = await runNetwork(['batch', 3], { batch: 1 }, (net, x) => net.add(net.mul(x, 0), net.weight(turned)));
  expect(data).toEqual([-0.625, -0.375, -0.125, -0.5, -0.25, 0]);
});

test.each([
  ['F16', [0x3c00, 0xc000, 0x3800]],
  ['BF16', [0x3f80, 0xc000, 0x3f00]],
] as const)('a weight of %s is cast in the graph', async (dtype, units) => {
  const halves = weightOf([3], { dtype, bytes: new MemorySource(new Uint8Array(Uint16Array.from(units).buffer), 'w') });
  const { data } = await runNetwork(['batch', 3], { batch: 1 }, (net, x) => net.add(net.mul(x, 0), net.weight(halves)));
  expect(data).toEqual([1, -2, 0.5]);
});
