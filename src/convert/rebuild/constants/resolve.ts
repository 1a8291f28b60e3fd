import { MemorySource, type SourceRange } from '../../../core/bytes/index.ts';
import type { FileBudget } from '../../../core/index.ts';
import {
  type ExternalSources,
  elementCount,
  externalRange,
  type OnnxTensor,
  tensorBytes,
} from '../../../formats/onnx/index.ts';
import { type Grid, gridOf } from './grid.ts';
import type { Derivation, KnownTensors, Near } from './known.ts';
import { REAL_BYTES, WHOLE_BYTES } from './numbers.ts';

/** What a tensor of a graph holds. */
export type TensorContent =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'filled'; readonly value: number }
  /** 0, 1, 2, ... in row order. */
  | { readonly kind: 'places' }
  /** One number at and below a diagonal of the last two dimensions, and another one above. */
  | { readonly kind: 'triangle'; readonly diagonal: number; readonly inside: number; readonly outside: number }
  | { readonly kind: 'weight'; readonly from: Derivation }
  /** Numbers that are not of the weights. */
  | { readonly kind: 'other'; readonly near: Near | undefined }
  /** A type that is not computed with, or bytes that are not at hand. */
  | { readonly kind: 'unread'; readonly why: string };

/** Elements of whole numbers that are looked at for a pattern. */
const MAX_WHOLE = 64 * 1024 * 1024;
const FEW = 64;
/** Elements that are looked at together. */
const STEP = 65_536;
/** A tensor that differs from a weight by less than this share of its elements, or of its size, is that weight, changed. */
const MOSTLY = 0.5;
const SLIGHTLY = 0.1;

/** The sizes of a tensor but those of 1, which move no element. */
export function solidDims(dims: readonly number[]): number[] {
  return dims.filter((size) => size !== 1);
}

export class ConstantReader {
  readonly #known: KnownTensors;
  readonly #budget: FileBudget;
  readonly #external: ExternalSources | undefined;

  constructor(known: KnownTensors, budget: FileBudget, external?: ExternalSources) {
    this.#known = known;
    this.#budget = budget;
    this.#external = external;
  }

  async read(tensor: OnnxTensor): Promise<TensorContent> {
    const { type, dims, name } = tensor;
    const count = elementCount(dims, name);
    if (REAL_BYTES[type] === undefined && WHOLE_BYTES[type] === undefined)
      return { kind: 'unread', why: `its elements are of the type ${type}` };
    const range = await this.#range(tensor);
    if (range === undefined) return { kind: 'unread', why: 'its bytes are in a file that is not beside the model' };
    const grid = gridOf(range, type, dims, this.#budget);
    if (WHOLE_BYTES[type] !== undefined) return await wholeOf(grid, dims, count);
    return await this.#real(gridOf(range, type, solidDims(dims), this.#budget), dims, count);
  }

  async #range(tensor: OnnxTensor): Promise<SourceRange | undefined> {
    const { data } = tensor;
    if (data.kind === 'raw') return data.range;
    if (data.kind === 'external') {
      const there = this.#external?.(data.at.location) !== undefined;
      return there ? externalRange(tensor, data.at, this.#external) : undefined;
    }
    const bytes = await tensorBytes(tensor, { budget: this.#budget });
    return { source: new MemorySource(bytes, tensor.name), offset: 0, length: bytes.length };
  }

  async #real(grid: Grid, dims: readonly number[], count: number): Promise<TensorContent> {
    if (count <= 1) return { kind: 'numbers', values: count === 0 ? new Float64Array() : await grid.tile(0, 1, 0, 1) };
    const solid = solidDims(dims);
    const from = await this.#known.find(grid, solid);
    if (from !== undefined) return { kind: 'weight', from };
    const pattern = await patternOf(grid, solid);
    if (pattern !== undefined) return pattern;
    const near = await this.#known.nearest(grid, solid);
    if (near === undefined) return { kind: 'other', near: undefined };
    const { count: differing, of, sum, size } = near.difference;
    const like = differing < MOSTLY * of || sum < SLIGHTLY * size;
    return { kind: 'other', near: like ? near : undefined };
  }
}

async function wholeOf(grid: Grid, dims: readonly number[], count: number): Promise<TensorContent> {
  if (count > MAX_WHOLE) return { kind: 'other', near: undefined };
  const pattern = await patternOf(grid, dims);
  if (pattern !== undefined && (count > FEW || pattern.kind === 'triangle')) return pattern;
  if (count > FEW) return { kind: 'other', near: undefined };
  return { kind: 'numbers', values: count === 0 ? new Float64Array() : await grid.tile(0, grid.rows, 0, grid.columns) };
}

/** A tensor that a rule makes. */
async function patternOf(grid: Grid, dims: readonly number[]): Promise<TensorContent | undefined> {
  const size = dims.at(-1) ?? 0;
  const square = size > 1 && dims.at(-2) === size;
  const first = (await grid.tile(0, 1, 0, 1))[0] ?? 0;
  const corner = square ? ((await grid.tile(0, 1, size - 1, 1))[0] ?? 0) : first;
  const line = dims.filter((dim) => dim !== 1).length === 1;
  // A diagonal lies where the first row changes.
  let diagonal = 0;
  if (square && corner !== first) {
    if (size > STEP) return undefined;
    const row = await grid.tile(0, 1, 0, size);
    diagonal = row.findIndex((value) => value !== first) - 1;
  }
  let [filledValue, counted, triangle] = [true, line, square && corner !== first];
  const steps = Math.ceil(grid.columns / STEP);
  for (let step = 0; step < grid.rows * steps && (filledValue || counted || triangle); step++) {
    const [row, from] = [Math.floor(step / steps), (step % steps) * STEP];
    const values = await grid.tile(row, 1, from, Math.min(STEP, grid.columns - from));
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      const column = from + i;
      if (value !== first && !(Number.isNaN(value) && Number.isNaN(first))) filledValue = false;
      if (value !== row * grid.columns + column) counted = false;
      if (triangle && value !== (column - (row % size) <= diagonal ? first : corner)) triangle = false;
    }
  }
  if (counted) return { kind: 'places' };
  if (filledValue) return { kind: 'filled', value: first };
  return triangle ? { kind: 'triangle', diagonal, inside: first, outside: corner } : undefined;
}
