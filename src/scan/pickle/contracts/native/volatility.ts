import { FLOAT, INT, NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, unexpected } from '../contract.ts';
import { numberOf } from '../numbers.ts';
import { isIndexArray, knownArray } from './known-array.ts';

const MODULE = 'arch.univariate.recursions';
const ARGUMENTS = unexpected('its arguments are not numbers that arch writes');
const STATE = unexpected('the arrays of its state are not those of the class');
/** More lags than real models have; each takes memory. */
const MAX_LAGS = 2 ** 16;

/** `i` a whole number, `l` one that counts lags, `f` a number or None, `a` an array of numbers, `n` one of whole numbers. */
type Part = 'i' | 'l' | 'f' | 'a' | 'n';

/**
 * Classes that arch compiles without bounds checks (univariate/recursions.pyx): what each is made of, and the arrays of its
 * state.
 * An array is as long as all others of its state, or as the class was told where the class is told a number of lags.
 */
interface Updater {
  readonly name: string;
  readonly made: readonly Part[];
  readonly state: readonly Part[];
  /** Which argument is the length of arrays, of the arguments themselves and of the state, but for `free` ones. */
  readonly lags?: number;
  readonly free?: readonly number[];
  readonly length?: number;
}

const UPDATERS: readonly Updater[] = [
  { name: 'EGARCHUpdater', made: ['i', 'i', 'i'], state: ['f', 'a', 'a', 'a'] },
  { name: 'HARCHUpdater', made: ['n'], state: ['f'] },
  { name: 'EWMAUpdater', made: ['f'], state: ['f', 'a'], length: 3 },
  { name: 'MIDASUpdater', made: ['l', 'i'], state: ['f', 'a', 'a', 'a', 'a'], lags: 0, free: [4] },
  { name: 'FIGARCHUpdater', made: ['i', 'i', 'f', 'l'], state: ['f', 'a', 'a'], lags: 3, free: [2] },
  { name: 'RiskMetrics2006Updater', made: ['l', 'a', 'a'], state: ['a', 'a'], lags: 0 },
];

/** The length of an array of one dimension; `undefined` for anything else. */
function lengthOf(of: Value | undefined, whole: boolean, context: ContractContext): number | undefined {
  const array = knownArray(of, context);
  const fits = whole ? isIndexArray(array) && array.itemSize === 4 : array?.letter === 'f' && array.itemSize === 8;
  return fits && array?.sizes.length === 1 ? array.sizes[0] : undefined;
}

function isPart(part: Part, of: Value | undefined, context: ContractContext): boolean {
  if (part === 'f') return of?.kind === FLOAT || of?.kind === INT || of?.kind === NONE;
  if (part === 'a' || part === 'n') return lengthOf(of, part === 'n', context) !== undefined;
  const number = numberOf(of, context);
  return typeof number === 'number' && number >= 0 && (part === 'i' || number <= MAX_LAGS);
}

/** Whether values are what a class is made of or given, and all arrays but the free ones have one length. */
function fits(
  parts: readonly Part[],
  values: readonly Value[],
  length: number | undefined,
  free: readonly number[],
  context: ContractContext,
) {
  if (values.length !== parts.length || !parts.every((part, i) => isPart(part, values[i], context))) return false;
  const lengths = parts.flatMap((part, i) =>
    part === 'a' && !free.includes(i) ? [lengthOf(values[i], false, context)] : [],
  );
  return lengths.every((one) => one === (length ?? lengths[0]));
}

/** How long the arrays of an instance are, where its arguments say so. */
function told({ lags, length }: Updater, args: readonly Value[], context: ContractContext): number | undefined {
  const number = lags === undefined ? length : numberOf(args[lags], context);
  return typeof number === 'number' ? number : undefined;
}

const made =
  (updater: Updater): Contract =>
  (args, context) => {
    const kept = fits(updater.made, args, told(updater, args, context), [], context);
    return kept || context.state.waits ? undefined : ARGUMENTS;
  };

const given =
  (updater: Updater): Contract =>
  (state, context) => {
    const call = context.target === undefined ? undefined : context.state.callOf(context.target);
    const args = call === undefined ? undefined : context.state.tuple(call.args);
    const maker = context.target === undefined ? undefined : context.madeBy(context.target);
    const own = maker?.module === MODULE && maker.name === updater.name;
    const kept =
      own &&
      args?.length === updater.made.length &&
      fits(updater.state, state, told(updater, args, context), updater.free ?? [], context);
    return kept || context.state.waits ? undefined : STATE;
  };

export const VOLATILITY_CALLS: readonly (readonly [string, Contract])[] = UPDATERS.map(
  (updater) => [`${MODULE}:${updater.name}`, made(updater)] as const,
);

export const VOLATILITY_STATES: readonly (readonly [string, Contract])[] = UPDATERS.map(
  (updater) => [`${MODULE}:${updater.name}`, given(updater)] as const,
);
