import { type Difference, differenceOf, type Grid, isGrid, partOfGrid, transposedGrid } from './grid.ts';

/** A tensor of the weights, or one that the rebuilt graph holds beside them. */
export interface KnownTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly grid: Grid;
  /** Computed, not read: programs round it differently. */
  readonly computed: boolean;
}

/** How a tensor is made of known ones. */
export type Derivation =
  | { readonly kind: 'whole'; readonly tensor: KnownTensor; readonly transposed: boolean }
  /** Its first rows. */
  | { readonly kind: 'rows'; readonly tensor: KnownTensor; readonly count: number }
  /** Cosines or sines of the places of rows, times angles of which the columns have each twice. */
  | { readonly kind: 'wave'; readonly function: 'Cos' | 'Sin'; readonly angles: KnownTensor; readonly count: number }
  /** Side by side in the last dimension. */
  | {
      readonly kind: 'joined';
      readonly parts: readonly { readonly tensor: KnownTensor; readonly transposed: boolean }[];
    };

/** The known tensor that another one is most like, and how they differ. */
export interface Near {
  readonly tensor: KnownTensor;
  readonly transposed: boolean;
  readonly difference: Difference;
}

const SAMPLES = 7;
/** Elements of a computed tensor, at most, that may be rounded differently. */
const MAX_COMPUTED = 65_536;
const ROUNDED = 1e-6;
const MAX_PARTS = 8;

type Samples = readonly number[];

/** The tensors that a graph may hold, by their numbers. */
export class KnownTensors {
  readonly #all: KnownTensor[] = [];
  readonly #samples = new Map<KnownTensor, Samples>();

  /** Adds a tensor. @returns the one with the same numbers and shape that is known already, else the tensor itself */
  async add(tensor: KnownTensor): Promise<KnownTensor> {
    const samples = await samplesOf(tensor.grid);
    for (const other of this.#all) {
      const same = `${other.dims}` === `${tensor.dims}` && `${this.#samples.get(other)}` === `${samples}`;
      if (same && other.computed === tensor.computed && (await isGrid(tensor.grid, other.grid))) return other;
    }
    this.#all.push(tensor);
    this.#samples.set(tensor, samples);
    return tensor;
  }

  /** How a tensor is made of known ones; `undefined` when it is not. @param dims without sizes of 1 */
  async find(grid: Grid, dims: readonly number[]): Promise<Derivation | undefined> {
    for (const { tensor, transposed, view } of this.#candidates(dims)) {
      const tolerance = tensor.computed && grid.rows * grid.columns <= MAX_COMPUTED ? ROUNDED : 0;
      if ((await this.#mayBe(grid, view, tolerance)) && (await isGrid(grid, view, tolerance)))
        return { kind: 'whole', tensor, transposed };
    }
    return (await this.#rows(grid, dims)) ?? (await this.#joined(grid, dims)) ?? (await this.#wave(grid, dims));
  }

  /** The tensor of the same shape that differs in few elements, else by little. */
  async nearest(grid: Grid, dims: readonly number[]): Promise<Near | undefined> {
    let best: Near | undefined;
    for (const { tensor, transposed, view } of this.#candidates(dims)) {
      const difference = await differenceOf(grid, view);
      if (best === undefined || distance(difference) < distance(best.difference))
        best = { tensor, transposed, difference };
    }
    return best;
  }

  *#candidates(dims: readonly number[]) {
    for (const tensor of this.#all) {
      const same = `${tensor.dims}` === `${dims}`;
      if (same) yield { tensor, transposed: false, view: tensor.grid };
      const turned = dims.length === 2 && tensor.dims[0] === dims[1] && tensor.dims[1] === dims[0];
      if (turned) yield { tensor, transposed: true, view: transposedGrid(tensor.grid) };
    }
  }

  /** Whether a few numbers agree: most tensors differ there. */
  async #mayBe(grid: Grid, view: Grid, tolerance: number): Promise<boolean> {
    for (const [row, column] of corners(grid)) {
      const [a, b] = [partOfGrid(grid, row, 1, column, 1), partOfGrid(view, row, 1, column, 1)];
      if (!(await isGrid(a, b, tolerance))) return false;
    }
    return true;
  }

  async #rows(grid: Grid, dims: readonly number[]): Promise<Derivation | undefined> {
    const [count, columns] = dims.length === 1 ? [1, dims[0]] : dims;
    if (count === undefined || dims.length > 2) return undefined;
    for (const tensor of this.#all) {
      const [rows, width] = tensor.dims;
      if (tensor.dims.length !== 2 || width !== columns || rows === undefined || rows <= count) continue;
      const view = partOfGrid(tensor.grid, 0, count, 0, tensor.grid.columns);
      if ((await this.#mayBe(grid, view, 0)) && (await isGrid(grid, view))) return { kind: 'rows', tensor, count };
    }
    return undefined;
  }

  /** The tables of rotary embeddings, which exporters compute once. */
  async #wave(grid: Grid, dims: readonly number[]): Promise<Derivation | undefined> {
    if (dims.length !== 2) return undefined;
    for (const angles of this.#all) {
      const [half] = angles.dims;
      if (!angles.computed || angles.dims.length !== 1 || half === undefined || 2 * half !== grid.columns) continue;
      const values = await angles.grid.tile(0, 1, 0, half);
      for (const [name, wave] of [
        ['Cos', Math.cos],
        ['Sin', Math.sin],
      ] as const)
        if (await isWave(grid, values, wave)) return { kind: 'wave', function: name, angles, count: grid.rows };
    }
    return undefined;
  }

  async #joined(grid: Grid, dims: readonly number[]): Promise<Derivation | undefined> {
    if (dims.length > 2) return undefined;
    const parts: { readonly tensor: KnownTensor; readonly transposed: boolean }[] = [];
    for (let at = 0; at < grid.columns; ) {
      const next = await this.#partAt(grid, dims, at);
      if (next === undefined || parts.length === MAX_PARTS) return undefined;
      parts.push(next);
      at += next.width;
    }
    return parts.length > 1 ? { kind: 'joined', parts } : undefined;
  }

  async #partAt(grid: Grid, dims: readonly number[], at: number) {
    for (const tensor of this.#all) {
      if (tensor.dims.length !== dims.length) continue;
      for (const transposed of dims.length === 2 ? [false, true] : [false]) {
        const view = transposed ? transposedGrid(tensor.grid) : tensor.grid;
        if (view.rows !== grid.rows || at + view.columns > grid.columns) continue;
        const part = partOfGrid(grid, 0, grid.rows, at, view.columns);
        if ((await this.#mayBe(part, view, 0)) && (await isGrid(part, view)))
          return { tensor, transposed, width: view.columns };
      }
    }
    return undefined;
  }
}

/** Below 0 where less than half of the elements differ: then their size says nothing, because they may be any number. */
function distance({ count, of, sum }: Difference): number {
  if (2 * count < of) return count / of - 1;
  return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum;
}

function corners({ rows, columns }: Grid): [number, number][] {
  return Array.from({ length: SAMPLES }, (_, i) => [
    Math.floor(((rows - 1) * i) / (SAMPLES - 1)),
    Math.floor(((columns - 1) * ((i * 3) % SAMPLES)) / (SAMPLES - 1)),
  ]);
}

async function samplesOf(grid: Grid): Promise<Samples> {
  const samples: number[] = [];
  for (const [row, column] of corners(grid)) samples.push((await grid.tile(row, 1, column, 1))[0] ?? 0);
  return samples;
}

/** Rows of a table that are looked at together. */
const ROWS = 256;
const WAVE = 1e-5;

async function isWave(grid: Grid, angles: Float64Array, wave: (angle: number) => number): Promise<boolean> {
  for (let row = 0; row < grid.rows; row += ROWS) {
    const count = Math.min(ROWS, grid.rows - row);
    const values = await grid.tile(row, count, 0, grid.columns);
    for (let i = 0; i < values.length; i++) {
      const [place, column] = [row + Math.floor(i / grid.columns), i % grid.columns];
      // As frameworks compute it, with 32 bits.
      const angle = Math.fround(place * (angles[column % angles.length] ?? 0));
      if (!(Math.abs((values[i] ?? 0) - wave(angle)) <= WAVE)) return false;
    }
  }
  return true;
}
