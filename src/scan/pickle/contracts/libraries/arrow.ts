import { isArrowType } from '../../../../formats/arrow/index.ts';
import { LIST, NONE, OBJECT, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, textAt, unexpected } from '../contract.ts';
import { numberOf, otherThan } from '../numbers.ts';
import { type SpelledBytes, spelledBytes } from '../spelled-bytes.ts';

/** Bytes that one array and its buffers cost, about. */
const ARRAY_BYTES = 512;
const TYPE = 'pyarrow.lib:type_for_alias';
const BUFFER = 'pyarrow.lib:py_buffer';
const ARRAY = 'pyarrow.lib:_restore_array';
const CHUNKED = 'pyarrow.lib:chunked_array';

/** `type_for_alias(name)`: a type that has no children. */
const typeForAlias: Contract = (args, context) => {
  const name = textAt(args, 0, context);
  if (context.state.waits) return undefined;
  return args.length === 1 && name !== undefined && isArrowType(name.toLowerCase())
    ? undefined
    : unexpected('the type does not have plain elements');
};

/** `py_buffer(bytes)`: another object with a buffer can supply any address. */
const pyBuffer: Contract = (args, context) => {
  const [bytes] = args;
  const known = args.length === 1 && bytes !== undefined && spelledBytes(bytes, context.state) !== undefined;
  if (known || context.state.waits) return undefined;
  return bytes?.kind === OBJECT
    ? unexpected('the content of the buffer is not a byte string of the stream')
    : otherThan(bytes, 'bytes');
};

/**
 * `_restore_array((type, length, missing, offset, buffers, children, dictionary))` makes an array from these without a check;
 * after the stream, the buffers are checked to hold the elements.
 */
const restoreArray: Contract = (args, context) => {
  const { state } = context;
  const parts = args[0] === undefined ? undefined : state.tuple(args[0]);
  if (args.length !== 1 || parts?.length !== 7)
    return unexpected('the array does not have the form that pyarrow writes');
  const [type, length, missing, offset, buffers, children, dictionary] = parts;
  const name = typeName(type, context);
  const numbers = [length, missing, offset].map((each) => numberOf(each, context));
  const held = buffersOf(buffers, context);
  if (state.waits) return undefined;
  if (name === undefined) return unexpected('the type of the array is unknown');
  const wrong = numbers.find((each) => typeof each !== 'number');
  if (wrong !== undefined && typeof wrong !== 'number') return wrong;
  if (dictionary?.kind !== NONE || children === undefined || state.elementsOf(children)?.length !== 0)
    return unexpected('the array has children or a dictionary');
  if (held === undefined) return unexpected('the buffers of the array are unknown');
  const [elements = 0, nullCount = 0, first = 0] = numbers.map(Number);
  state.budget.hold(ARRAY_BYTES);
  const at = state.fileOffset(args[0]?.ref ?? 0);
  context.checkArrow({ type: name, length: elements, nullCount, offset: first, buffers: held, at });
  return undefined;
};

/** The name of the type that `type_for_alias` returned. */
function typeName(type: Value | undefined, context: ContractContext): string | undefined {
  const args = argumentsOf(type, TYPE, context);
  return args === undefined ? undefined : textAt(args, 0, context)?.toLowerCase();
}

function buffersOf(list: Value | undefined, context: ContractContext): (SpelledBytes | undefined)[] | undefined {
  const elements = list?.kind === LIST ? context.state.elementsOf(list) : undefined;
  if (elements === undefined) return undefined;
  const buffers: (SpelledBytes | undefined)[] = [];
  for (const element of elements) {
    if (element.kind === NONE) {
      buffers.push(undefined);
      continue;
    }
    const [bytes] = argumentsOf(element, BUFFER, context) ?? [];
    const held = bytes === undefined ? undefined : spelledBytes(bytes, context.state);
    if (held === undefined) return undefined;
    buffers.push(held);
  }
  return buffers;
}

/** What a call of a function of Arrow's was given, when a value is what it returned. */
function argumentsOf(of: Value | undefined, maker: string, context: ContractContext): Value[] | undefined {
  const call = of === undefined ? undefined : context.state.callOf(of);
  if (of === undefined || call === undefined || call.built || nameOf(of, context) !== maker) return undefined;
  return context.state.tuple(call.args);
}

function nameOf(of: Value, context: ContractContext): string {
  const maker = context.madeBy(of);
  return `${maker?.module}:${maker?.name}`;
}

/** `chunked_array(arrays, type)`, of arrays that were made by `_restore_array`: from other values Arrow makes arrays itself. */
const chunkedArray: Contract = (args, context) => {
  const [list, type] = args;
  const arrays = list === undefined ? undefined : context.state.elementsOf(list);
  const known = arrays?.every((array) => nameOf(array, context) === ARRAY) === true;
  const typed = type === undefined || type.kind === NONE || typeName(type, context) !== undefined;
  if (context.state.waits) return undefined;
  return known && typed && args.length <= 2 ? undefined : unexpected('the chunks are not arrays of the stream');
};

/** The state of an array of pandas: its `__setstate__` hands `_pa_array`, or `_data`, to `chunked_array`. */
const arrowState: Contract = (state, context) => {
  const items = state.length === 1 && state[0] !== undefined ? context.state.itemsOf(state[0]) : undefined;
  if (items === undefined) return unexpected('the state of the array is not a plain dict');
  let found: Breach | undefined = unexpected('the state has no array');
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, value] = [textAt(items, i, context), items[i + 1]];
    if (context.state.waits) return undefined;
    if (key === undefined) return 'a key of the state is not a string';
    if (key !== '_pa_array' && key !== '_data') continue;
    const maker = value === undefined ? '' : nameOf(value, context);
    if (maker !== ARRAY && maker !== CHUNKED)
      return unexpected('the array is not one that pyarrow makes from the stream');
    found = undefined;
  }
  return found;
};

export const ARROW_CONTRACTS: readonly (readonly [string, Contract])[] = [
  [TYPE, typeForAlias],
  [BUFFER, pyBuffer],
  [ARRAY, restoreArray],
  [CHUNKED, chunkedArray],
];

/** By "module:name": what the state of an instance must keep to. */
export const ARROW_STATES: ReadonlyMap<string, Contract> = new Map(
  [
    'pandas.arrays:ArrowStringArray',
    'pandas.core.arrays.string_arrow:ArrowStringArray',
    'pandas.core.arrays.string_arrow:ArrowStringArrayNumpySemantics',
    'pandas.core.arrays.arrow.array:ArrowExtensionArray',
    'pandas.arrays:ArrowExtensionArray',
  ].map((name) => [name, arrowState] as const),
);
