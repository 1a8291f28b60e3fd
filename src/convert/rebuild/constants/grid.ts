import type { SourceRange } from '../../../core/bytes/index.ts';
import type { FileBudget } from '../../../core/index.ts';
import type { DataType } from '../../../formats/onnx/index.ts';
import { decoded, REAL_BYTES, rounded, WHOLE_BYTES } from './numbers.ts';

/** The elements of a tensor as a matrix, whose last dimension is a row. They stay in their file, and are read in tiles. */
export interface Grid {
  readonly type: DataType;
  readonly rows: number;
  readonly columns: number;
  /** Elements of some rows and columns, row after row. */
  tile(row: number, rows: number, column: number, columns: number): Promise<Float64Array>;
}

/** Rows and columns of a tile. */
const SIDE = 512;
const MAX_TILE = SIDE * SIDE;

export function gridOf(
  { source, offset }: SourceRange,
  type: DataType,
  dims: readonly number[],
  budget: FileBudget,
): Grid {
  const columns = dims.at(-1) ?? 1;
  const rows = dims.slice(0, -1).reduce((productTerm, size) => productTerm * size, 1);
  const width = REAL_BYTES[type] ?? WHOLE_BYTES[type] ?? 1;
  const bytes = async (from: number, count: number): Promise<Uint8Array> => {
    const at = offset + from * width;
    return source.readNow(at, count * width) ?? (await source.read(at, count * width));
  };
  return {
    type,
    rows,
    columns,
    async tile(row, height, column, breadth) {
      budget.work(height * breadth);
      if (breadth === columns) return decoded(await bytes(row * columns, height * columns), type);
      const values = new Float64Array(height * breadth);
      for (let i = 0; i < height; i++)
        values.set(decoded(await bytes((row + i) * columns + column, breadth), type), i * breadth);
      return values;
    },
  };
}

export function transposedGrid(grid: Grid): Grid {
  return {
    type: grid.type,
    rows: grid.columns,
    columns: grid.rows,
    async tile(row, rows, column, columns) {
      const values = await grid.tile(column, columns, row, rows);
      const turned = new Float64Array(values.length);
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++) turned[r * columns + c] = values[c * rows + r] ?? 0;
      return turned;
    },
  };
}

export function partOfGrid(grid: Grid, row: number, rows: number, column: number, columns: number): Grid {
  return {
    type: grid.type,
    rows,
    columns,
    tile: (r, height, c, breadth) => grid.tile(row + r, height, column + c, breadth),
  };
}

/** How two tensors of one shape differ. */
export interface Difference {
  /** Elements that differ, and all of them. */
  readonly count: number;
  readonly of: number;
  /** The first that differs, counted in row order. */
  readonly at: number;
  /** The largest difference, and the sums of all differences and of all elements without their signs. */
  readonly most: number;
  readonly sum: number;
  readonly size: number;
}

/** Whether a tensor holds the numbers of another one, rounded to its type. */
export async function isGrid(grid: Grid, other: Grid, tolerance = 0): Promise<boolean> {
  if (grid.rows !== other.rows || grid.columns !== other.columns) return false;
  for (const [row, rows, column, columns] of tiles(grid)) {
    const [left, right] = [await grid.tile(row, rows, column, columns), await other.tile(row, rows, column, columns)];
    for (let i = 0; i < left.length; i++)
      if (!isNumber(left[i] ?? 0, right[i] ?? 0, grid.type, tolerance)) return false;
  }
  return true;
}

export async function differenceOf(grid: Grid, other: Grid): Promise<Difference> {
  let [count, at, most, sum, size] = [0, 0, 0, 0, 0];
  for (const [row, rows, column, columns] of tiles(grid)) {
    const [left, right] = [await grid.tile(row, rows, column, columns), await other.tile(row, rows, column, columns)];
    for (let i = 0; i < left.length; i++) {
      const [a, b] = [left[i] ?? 0, right[i] ?? 0];
      size += Number.isFinite(b) ? Math.abs(b) : 0;
      if (isNumber(a, b, grid.type, 0)) continue;
      const place = (row + Math.floor(i / columns)) * grid.columns + column + (i % columns);
      at = count === 0 ? place : Math.min(at, place);
      count++;
      const distance = Math.abs(a - b);
      sum += distance;
      most = Math.max(most, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
    }
  }
  return { count, of: grid.rows * grid.columns, at, most, sum, size };
}

function isNumber(a: number, b: number, type: DataType, tolerance: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return a === rounded(b, type) || Math.abs(a - b) <= tolerance * Math.abs(b);
}

function* tiles({ rows, columns }: Grid): Generator<readonly [number, number, number, number]> {
  const breadth = rows === 1 ? MAX_TILE : Math.min(columns, Math.max(SIDE, 1));
  const height = Math.max(1, Math.floor(MAX_TILE / Math.max(1, breadth)));
  for (let row = 0; row < rows; row += height)
    for (let column = 0; column < columns; column += breadth)
      yield [row, Math.min(height, rows - row), column, Math.min(breadth, columns - column)];
}
