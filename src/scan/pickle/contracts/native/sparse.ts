import type { Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, unexpected, worst } from '../contract.ts';
import { numbersOf } from '../numbers.ts';
import { claim } from './claims.ts';
import { fieldsOf, isIndexArray, type KnownArray, knownArray } from './known-array.ts';
import { listMatrix } from './list-matrices.ts';

const UNTOLD = unexpected('the state of a sparse matrix is unknown');
const SHAPES = unexpected('the arrays of a sparse matrix do not fit its shape');

type Fields = ReadonlyMap<string, Value>;

/** What all sparse matrices are checked by: their fields, and the sizes of the whole. An empty state makes one that only raises. */
function sparse(
  check: (fields: Fields, shape: readonly number[], context: ContractContext) => Breach | undefined,
): Contract {
  return ([state], context) => {
    const fields = fieldsOf(state, context);
    if (context.state.waits) return undefined;
    if (fields === undefined) return UNTOLD;
    const shape = numbersOf(fields.get('_shape') ?? fields.get('shape'), context);
    if (context.state.waits) return undefined;
    if (shape.kind === 'broken') return fields.size === 0 ? undefined : shape.breach;
    if (shape.numbers.some((size) => size < 0)) return unexpected('a size is negative');
    return check(fields, shape.numbers, context);
  };
}

function arrayIn(fields: Fields, name: string, context: ContractContext): KnownArray | undefined {
  return knownArray(fields.get(name), context);
}

/** `indptr` says where each row (or column) starts among `indices` and `data`. */
const compressed = (byColumn: boolean) =>
  sparse((fields, shape, context) => {
    const [indptr, indices, data] = ['indptr', 'indices', 'data'].map((name) => arrayIn(fields, name, context));
    if (context.state.waits) return undefined;
    if (!isIndexArray(indptr) || !isIndexArray(indices) || data === undefined) return UNTOLD;
    const [rows, columns] = shape.length === 1 ? [1, shape[0] ?? 0] : [shape[0] ?? 0, shape[1] ?? 0];
    const [high, wide] = data.sizes.length === 3 ? [data.sizes[1] ?? 0, data.sizes[2] ?? 0] : [1, 1];
    const [major, minor] = byColumn ? [columns, rows] : [rows / high, columns / wide];
    const fits =
      shape.length <= 2 &&
      Number.isInteger(major) &&
      Number.isInteger(minor) &&
      isLine(indptr, major + 1) &&
      indices.sizes.length === 1 &&
      (data.sizes.length === 1 || data.sizes.length === 3);
    if (!fits) return SHAPES;
    const elements = Math.min(indices.sizes[0] ?? 0, data.sizes[0] ?? 0);
    return worst(
      claim(indptr, { kind: 'offsets', most: elements }, context),
      claim(indices, { kind: 'indexes', least: 0, below: minor }, context),
    );
  });

function isLine(array: KnownArray, length: number): boolean {
  return array.sizes.length === 1 && array.sizes[0] === length;
}

/** A row and a column (or as many coordinates as there are dimensions) for each element. */
const coordinates = sparse((fields, shape, context) => {
  const told = fields.get('coords');
  const parts = told === undefined ? ['row', 'col'].map((name) => fields.get(name)) : context.state.tuple(told);
  const data = arrayIn(fields, 'data', context);
  if (parts === undefined || data === undefined) return UNTOLD;
  if (parts.length !== shape.length || data.sizes.length !== 1) return SHAPES;
  const breaches = parts.map((part, i) => {
    const array = knownArray(part, context);
    if (!isIndexArray(array)) return UNTOLD;
    if (!isLine(array, data.sizes[0] ?? 0)) return SHAPES;
    return claim(array, { kind: 'indexes', least: 0, below: shape[i] ?? 0 }, context);
  });
  return context.state.waits ? undefined : worst(...breaches);
});

/** A row of `data` for each diagonal. */
const diagonals = sparse((fields, _, context) => {
  const [offsets, data] = [arrayIn(fields, 'offsets', context), arrayIn(fields, 'data', context)];
  if (!isIndexArray(offsets) || data === undefined) return UNTOLD;
  return data.sizes.length === 2 && isLine(offsets, data.sizes[0] ?? 0) ? undefined : SHAPES;
});

const lists = sparse(listMatrix);

const FORMATS: readonly (readonly [string, Contract])[] = [
  ['csr', compressed(false)],
  ['bsr', compressed(false)],
  ['csc', compressed(true)],
  ['coo', coordinates],
  ['dia', diagonals],
  ['lil', lists],
];

const names = (format: string) =>
  [`scipy.sparse._${format}`, `scipy.sparse.${format}`, 'scipy.sparse._arrays'].flatMap((module) =>
    [`${format}_matrix`, `${format}_array`].map((name) => `${module}:${name}`),
  );

/** By "module:name": modules have had an underscore since SciPy 1.8, and arrays are of later releases. */
export const SPARSE_STATES: readonly (readonly [string, Contract])[] = FORMATS.flatMap(([format, contract]) =>
  names(format).map((name) => [name, contract] as const),
);

/** "module.name" of the matrices of lists. */
export const LIST_MATRICES: ReadonlySet<string> = new Set(names('lil').map((name) => name.replace(':', '.')));
