import { DICT, NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, perMachine, textAt, unexpected } from '../contract.ts';
import { flag, numberOf } from '../numbers.ts';

/** Recursive code frees, compares and prints nested types, on the stack of the process. */
const MAX_DEPTH = 32;
const DEPTH_BYTES = 48;

/** How deep each type, field and schema of a stream is, by the value. */
const depthsOf = perMachine(() => new Map<number, number>());

const NOT_A_TYPE = unexpected('the type of the array is unknown');

/** Functions of Arrow's that make types, and which of their arguments are types, fields, or lists of those. */
const PARTS: Readonly<Record<string, readonly number[]>> = {
  type_for_alias: [],
  timestamp: [],
  decimal128: [],
  field: [1],
  list_: [0],
  struct: [0],
  dictionary: [0, 1],
  schema: [0],
};

/** How deep a type or field is; `undefined` for anything else, and for one that is too deep. */
function depthOf(of: Value, context: ContractContext, level = 0): number | undefined {
  const { state } = context;
  const known = depthsOf(state).get(of.ref);
  if (known !== undefined) return known;
  const parts = PARTS[nameIn(of, context)];
  const call = state.callOf(of);
  const args = call === undefined || call.built ? undefined : state.tuple(call.args);
  const depth = parts === undefined || args === undefined ? undefined : within(args, parts, context, level + 1);
  if (depth === undefined) return undefined;
  state.budget.hold(DEPTH_BYTES);
  depthsOf(state).set(of.ref, depth);
  return depth;
}

/** The parts of a type were checked when they were made, so this checks one level only, and keeps the result. */
function within(args: readonly Value[], parts: readonly number[], context: ContractContext, level = 0) {
  if (level > MAX_DEPTH) return undefined;
  let deepest = 0;
  for (const index of parts) {
    const part = args[index];
    if (part === undefined) return undefined;
    for (const value of context.state.elementsOf(part) ?? [part]) {
      const depth = depthOf(value, context, level);
      if (depth === undefined) return undefined;
      deepest = Math.max(deepest, depth);
    }
  }
  return deepest < MAX_DEPTH ? deepest + 1 : undefined;
}

function made(args: readonly Value[], parts: readonly number[], context: ContractContext): Breach | undefined {
  const depth = within(args, parts, context);
  return depth === undefined && !context.state.waits ? NOT_A_TYPE : undefined;
}

function metadata(of: Value | undefined): Breach | undefined {
  return of === undefined || of.kind === NONE || of.kind === DICT
    ? undefined
    : unexpected('the metadata is not a dict');
}

/** `field(name, type, nullable, metadata)` */
const field: Contract = (args, context) => {
  if (textAt(args, 0, context) === undefined) return context.state.waits ? undefined : unexpected('a name is not text');
  return made(args, [1], context) ?? (args[2] === undefined ? undefined : flag(args[2])) ?? metadata(args[3]);
};

const schema: Contract = (args, context) =>
  args[0] === undefined || context.state.elementsOf(args[0]) === undefined
    ? unexpected('the fields of the schema are unknown')
    : (made(args, [0], context) ?? metadata(args[1]));

/** `timestamp(unit, zone)`: a zone is looked up when times are shown. */
const timestamp: Contract = (args, context) => {
  const [unit, zone] = [textAt(args, 0, context), textAt(args, 1, context)];
  if (context.state.waits) return undefined;
  const plain = args[1] === undefined || args[1].kind === NONE || /^[A-Za-z0-9_+:/-]{1,64}$/.test(zone ?? '');
  return /^(?:s|ms|us|ns)$/.test(unit ?? '') && plain ? undefined : NOT_A_TYPE;
};

const decimal: Contract = (args, context) => {
  for (const arg of args) if (typeof numberOf(arg, context) !== 'number') return NOT_A_TYPE;
  return undefined;
};

/** Columns that were made of the stream, and their schema: lengths are checked when the table is made. */
const table: Contract = ([columns, typed], context) => {
  const arrays = columns === undefined ? undefined : context.state.elementsOf(columns);
  const known = arrays?.every((array) => /^(?:_restore_array|chunked_array)$/.test(nameIn(array, context))) === true;
  return known && typed !== undefined && nameIn(typed, context) === 'schema'
    ? undefined
    : unexpected('the table is not made from arrays and a schema of the stream');
};

function nameIn(of: Value, context: ContractContext): string {
  const maker = context.madeBy(of);
  return maker?.module === 'pyarrow.lib' ? maker.name : '';
}

export const ARROW_TYPES: readonly (readonly [string, Contract])[] = [
  ['pyarrow.lib:field', field],
  ['pyarrow.lib:schema', schema],
  ['pyarrow.lib:list_', (args, context) => made(args.slice(0, 1), [0], context)],
  ['pyarrow.lib:struct', (args, context) => made(args, [0], context)],
  ['pyarrow.lib:dictionary', (args, context) => made(args, [0, 1], context)],
  ['pyarrow.lib:timestamp', timestamp],
  ['pyarrow.lib:decimal128', decimal],
  ['pyarrow.lib:_reconstruct_table', table],
  ['pyarrow.lib:_reconstruct_record_batch', table],
];
