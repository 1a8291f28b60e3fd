import { NONE } from '../../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, textAt, unexpected } from '../contract.ts';
import { fieldsOf } from '../native/index.ts';
import { numbersOf } from '../numbers.ts';

/**
 * `ItemItemRecommender.__setstate__` of implicit hands its similarities to native code, which allocates memory for each row and
 * looks items up by the indexes of the matrix (_nearest_neighbours.pyx). The contract of sparse matrices keeps the indexes of a
 * square matrix in range.
 */
const itemsState: Contract = ([state], context) => {
  const items = state === undefined ? undefined : context.state.itemsOf(state);
  if (items === undefined) return unexpected('the state of the recommender is not a plain dict');
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, value] = [textAt(items, i, context), items[i + 1]];
    if (context.state.waits) return undefined;
    if (key === undefined) return 'a key of the state is not a string';
    if (key !== 'similarity' || value === undefined || value.kind === NONE) continue;
    if (!isSquare(value, context))
      return context.state.waits ? undefined : unexpected('the similarities are not a square sparse matrix');
  }
  return undefined;
};

function isSquare(of: Parameters<ContractContext['madeBy']>[0], context: ContractContext): boolean {
  const maker = context.madeBy(of);
  if (!/^scipy\.sparse\.(?:_csr|csr|_arrays):csr_(?:matrix|array)$/.test(`${maker?.module}:${maker?.name}`))
    return false;
  const fields = fieldsOf(context.state.builtStates.get(of.ref), context);
  const shape = numbersOf(fields?.get('_shape') ?? fields?.get('shape'), context);
  if (shape.kind === 'broken') return false;
  const [rows, columns] = shape.numbers;
  return shape.numbers.length === 2 && rows === columns;
}

const CLASSES = ['ItemItemRecommender', 'BM25Recommender', 'TFIDFRecommender', 'CosineRecommender'];

export const RECOMMENDER_STATES: readonly (readonly [string, Contract])[] = CLASSES.map(
  (name) => [`implicit.nearest_neighbours:${name}`, itemsState] as const,
);
