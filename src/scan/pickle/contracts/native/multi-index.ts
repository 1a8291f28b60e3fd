import type { Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, unexpected, worst } from '../contract.ts';
import { madeBy } from '../spelled-bytes.ts';
import { claim } from './claims.ts';
import { fieldsOf, isAbsent, type KnownArray, knownArray } from './known-array.ts';

/** Classes of indexes with several levels, as versions of pandas name them. */
const MULTI = /^pandas(?:\.core\.indexes\.multi|\.indexes\.multi)?:MultiIndex$/;
const NEW_INDEX = /^pandas\.(?:core\.)?indexes\.\w+:_new_\w*Index$/;
const UNTOLD = unexpected('the levels of an index are unknown');
const FEWEST = -1;

/**
 * `_new_Index(MultiIndex, {levels, codes, ...})` makes an index without a check: to show it, native code takes from each level the
 * element that a code says.
 */
export function multiIndex(args: readonly Value[], context: ContractContext): Breach | undefined {
  const { state } = context;
  const global = args[0] === undefined ? undefined : state.global(args[0]);
  if (!MULTI.test(`${global?.module}:${global?.name}`)) return undefined;
  const fields = fieldsOf(args[1], context);
  if (state.waits) return undefined;
  const [levels, codes] = [fields?.get('levels'), fields?.get('codes') ?? fields?.get('labels')].map((list) =>
    list === undefined ? undefined : state.elementsOf(list),
  );
  if (levels === undefined || codes === undefined || levels.length !== codes.length) return UNTOLD;
  const arrays = codes.map((code) => knownArray(code, context));
  if (state.waits) return undefined;
  const lengths = new Set(arrays.map((array) => array?.sizes[0]));
  if (lengths.size > 1 || !arrays.every(isCodes))
    return unexpected('the codes of an index are not lines of one length');
  const found = arrays.map((array, i) => levelBreach(array, levels[i], context));
  return state.waits ? undefined : worst(...found);
}

function isCodes(array: KnownArray | undefined): array is KnownArray {
  return array?.letter === 'i' && array.sizes.length === 1;
}

function levelBreach(codes: KnownArray | undefined, level: Value | undefined, context: ContractContext) {
  if (codes === undefined || codes.sizes[0] === 0) return undefined;
  const below = level === undefined ? undefined : indexLength(level, context);
  if (below === undefined) return context.state.waits ? undefined : UNTOLD;
  return claim(codes, { kind: 'indexes', least: FEWEST, below }, context, 'pandas.MultiIndex');
}

/** The number of elements of an index that the stream makes; `undefined` for an index of another form. */
export function indexLength(level: Value, context: ContractContext): number | undefined {
  const { state } = context;
  const call = state.callOf(level);
  if (call === undefined || !NEW_INDEX.test(madeBy(level, state) ?? '')) return undefined;
  const [, told] = state.tuple(call.args) ?? [];
  const fields = fieldsOf(told, context);
  const data = fields?.get('data');
  if (fields === undefined || state.waits) return undefined;
  return data === undefined ? rangeOf(fields, context) : sizeOf(data, context);
}

/** An array, or what is built around one: dates, categories, text of Arrow. */
function sizeOf(data: Value, context: ContractContext): number | undefined {
  const { state } = context;
  const array = knownArray(data, context);
  if (array !== undefined) return array.sizes.length === 1 ? array.sizes[0] : undefined;
  const built = state.builtStates.get(data.ref);
  const parts = built === undefined ? [] : (state.tuple(built) ?? [built]);
  for (const part of parts) {
    const fields = fieldsOf(part, context);
    const arrow = fields?.get('_pa_array');
    if (arrow !== undefined) return arrowLength(arrow, context);
    const inner = fields?.get('_ndarray') ?? fields?.get('_codes') ?? fields?.get('_data') ?? part;
    const found = knownArray(inner, context);
    if (found !== undefined) return found.sizes.length === 1 ? found.sizes[0] : undefined;
  }
  return undefined;
}

/** `_restore_array((type, length, ...))`: its own contract compares the length with the bytes. pandas 2 keeps arrays in chunks. */
function arrowLength(of: Value, context: ContractContext): number | undefined {
  const { state } = context;
  const [argument] = state.tuple(state.callOf(of)?.args ?? of) ?? [];
  if (argument === undefined) return undefined;
  switch (madeBy(of, state)) {
    case 'pyarrow.lib:_restore_array': {
      const length = state.tuple(argument)?.[1];
      return length === undefined ? undefined : state.integer(length);
    }
    case 'pyarrow.lib:chunked_array': {
      const chunks = state
        .elementsOf(argument)
        ?.map((chunk) =>
          madeBy(chunk, state) === 'pyarrow.lib:_restore_array' ? arrowLength(chunk, context) : undefined,
        );
      return chunks?.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0);
    }
    default:
      return undefined;
  }
}

function rangeOf(fields: ReadonlyMap<string, Value>, { state }: ContractContext): number | undefined {
  const [start, stop, step] = ['start', 'stop', 'step'].map((name) => {
    const value = fields.get(name);
    return value === undefined || isAbsent(value) ? undefined : state.integer(value);
  });
  if (start === undefined || stop === undefined || step === undefined || step === 0) return undefined;
  return Math.max(0, Math.ceil((stop - start) / step));
}

/** The same as a contract of the functions that make an index. */
export const withLevels =
  (first: Contract): Contract =>
  (args, context) =>
    first(args, context) ?? multiIndex(args, context);
