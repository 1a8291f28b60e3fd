import { createHash } from 'node:crypto';
import { AssayError, SeededRandom } from '../../core/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import type { Feeds } from './feeds.ts';
import { hasRows, type InputRange, type RunnableInput, type RunnableModel } from './model.ts';

/** Rows that are drawn; fewer of large ones. */
const ROWS = 64;
const FEW_ROWS = 4;
const LARGE_ROW = 4_096;
/** What an unknown size is, other than the number of rows. */
const UNKNOWN_SIZE = 8;
const MAX_ELEMENTS = 64 * 1024 * 1024;
const TEXTS = ['', 'a', 'b', 'word', 'Zürich', 'two words'];

/**
 * Inputs for a model without any: the same for the same model, within the ranges that the model says, else numbers of the
 * standard normal distribution.
 * @throws AssayError `limit` for a model that takes more than fits
 */
export function drawFeeds(model: RunnableModel): Feeds {
  const random = new SeededRandom(1);
  const largest = Math.max(1, ...model.inputs.map(({ shape }) => elementsOf(shape.slice(1), 1)));
  const rows = hasRows(model) ? (largest > LARGE_ROW ? FEW_ROWS : ROWS) : 1;
  const size = hasRows(model) ? rows : UNKNOWN_SIZE;
  const tensors = new Map(model.inputs.map((input) => [input.name, drawn(input, size, random)]));
  return { tensors, rows, rounded: false };
}

function elementsOf(shape: readonly (number | string)[], rows: number): number {
  return shape.reduce<number>((count, size) => count * (typeof size === 'number' ? size : UNKNOWN_SIZE), rows);
}

function drawn(input: RunnableInput, rows: number, random: SeededRandom): RunTensor {
  const { type, shape, ranges, name } = input;
  const dims = shape.map((size, i) => (typeof size === 'number' ? size : i === 0 ? rows : UNKNOWN_SIZE));
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (count > MAX_ELEMENTS)
    throw new AssayError('limit', `the input ${JSON.stringify(name)} has ${count} elements, too many to be drawn`, {
      hint: 'give inputs of your own: --verify inputs.npz',
    });
  const rangeAt = (index: number) => (ranges.length === 0 ? undefined : ranges[index % ranges.length]);
  const numbers = (): Float64Array => Float64Array.from({ length: count }, (_, i) => numberIn(random, rangeAt(i)));
  switch (type) {
    case 'string':
      return { type, dims, data: Array.from({ length: count }, (_, i) => textIn(random, rangeAt(i))) };
    case 'float32':
      return { type, dims, data: Float32Array.from(numbers()) };
    case 'float64':
      return { type, dims, data: numbers() };
    case 'int64':
      return { type, dims, data: BigInt64Array.from(numbers(), (value) => BigInt(Math.trunc(value))) };
    case 'int32':
      return { type, dims, data: Int32Array.from(numbers(), Math.trunc) };
    case 'bool':
      return { type, dims, data: Uint8Array.from(numbers(), (value) => Number(value > 0)) };
    default:
      throw new AssayError(
        'unsupported',
        `no values of ${type} are drawn, which the input ${JSON.stringify(name)} takes`,
      );
  }
}

function numberIn(random: SeededRandom, range: InputRange | undefined): number {
  if (range === undefined) return random.normal();
  if (range.kind === 'interval') return range.low + random.unit() * (range.high - range.low);
  return Number(range.values[random.below(range.values.length)] ?? 0);
}

function textIn(random: SeededRandom, range: InputRange | undefined): string {
  const texts = range?.kind === 'values' ? range.values : TEXTS;
  return String(texts[random.below(texts.length)] ?? '');
}

/** `sha256:` of inputs that no file has. */
export function digestOfFeeds({ tensors }: Feeds): string {
  const hash = createHash('sha256');
  for (const [name, tensor] of tensors) {
    hash.update(`${JSON.stringify([name, tensor.type, tensor.dims])}\n`);
    if (tensor.type === 'string') hash.update(JSON.stringify(tensor.data));
    else hash.update(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
  }
  return `sha256:${hash.digest('hex')}`;
}
