import type { PickleState, Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type ContractContext, perMachine, unexpected } from '../contract.ts';
import { type ListFacts, listsIn } from '../list-arrays.ts';

const UNTOLD = unexpected('the lists of a sparse matrix are unknown');
const SHAPES = unexpected('the lists of a sparse matrix do not fit its shape');
const COLUMNS = unexpected('the columns of a sparse matrix are not ascending numbers within its shape');
const VALUES = unexpected('the values of a sparse matrix are not one number for each column');

/** A matrix whose lists the stream can still change. */
interface ListMatrix {
  readonly owner: string;
  readonly rows: Value | undefined;
  readonly data: Value | undefined;
  readonly shape: readonly number[];
}

const MATRIX_BYTES = 128;
const matricesOf = perMachine((): ListMatrix[] => []);

/**
 * For each row a list of its columns, each more than the one before, and a list of as many numbers: native code takes lengths and
 * columns as they are (scipy/sparse/_csparsetools.pyx), and counts on a row being no longer than the matrix is wide.
 */
export function listMatrix(
  fields: ReadonlyMap<string, Value>,
  shape: readonly number[],
  context: ContractContext,
): Breach | undefined {
  const { state, target } = context;
  const maker = target === undefined ? undefined : context.madeBy(target);
  const matrix = {
    owner: `${maker?.module}.${maker?.name}`,
    rows: fields.get('rows'),
    data: fields.get('data'),
    shape,
  };
  const broken = breachOf(matrix, state);
  if (broken !== undefined || state.waits) return broken;
  state.budget.hold(MATRIX_BYTES);
  matricesOf(state).push(matrix);
  return undefined;
}

function breachOf({ rows, data, shape }: ListMatrix, state: PickleState): Breach | undefined {
  const [columns, values] = [listsIn(rows, state), listsIn(data, state)];
  if (columns === undefined || values === undefined) return UNTOLD;
  const [high, wide] = shape;
  if (high === undefined || wide === undefined || shape.length !== 2) return SHAPES;
  if (![columns, values].every(({ sizes }) => sizes.length === 1 && sizes[0] === high)) return SHAPES;
  if (!columns.lists.every((row) => isRow(row, wide))) return COLUMNS;
  const fits = values.lists.every(({ length, isNumbers }, i) => isNumbers && length === columns.lists[i]?.length);
  return fits ? undefined : VALUES;
}

function isRow({ length, ascending }: ListFacts, wide: number): boolean {
  return length === 0 || (ascending !== undefined && ascending.first >= 0 && ascending.last < wide);
}

/** What lists do not keep to any more when the stream has ended: a list can grow after the state is given. */
export function lateBreaches(machine: PickleState): readonly { readonly owner: string; readonly breach: Breach }[] {
  const matrices = matricesOf(machine).splice(0);
  const late = matrices.flatMap((matrix) => {
    const breach = breachOf(matrix, machine);
    return breach === undefined ? [] : [{ owner: matrix.owner, breach }];
  });
  machine.budget.release(MATRIX_BYTES * matrices.length);
  return late;
}
