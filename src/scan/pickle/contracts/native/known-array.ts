import { NONE, type PickleState, type Value } from '../../../../formats/pickle/index.ts';
import { type ContractContext, perMachine } from '../contract.ts';
import { numbersOf } from '../numbers.ts';
import { elementType } from '../numpy-dtype.ts';
import { placeOf, type SpelledBytes } from '../spelled-bytes.ts';

/** The facts about an array in a stream: its shape, its type, and the place of its bytes. */
export interface KnownArray {
  /** The letter of its elements' kind: `i`, `f`, `V` for records. */
  readonly letter: string;
  readonly itemSize: number;
  readonly sizes: readonly number[];
  /** `undefined` where loaders may read other bytes, or in another order. */
  readonly place: SpelledBytes | undefined;
}

/** Bytes of arrays that joblib keeps between instructions, by the object that stands for the array. */
const bodiesOf = perMachine(() => new Map<number, SpelledBytes>());
const BODY_BYTES = 64;

export function noteBody(array: Value, start: number, length: number, machine: PickleState): void {
  const bodies = bodiesOf(machine);
  if (!bodies.has(array.ref)) machine.budget.hold(BODY_BYTES);
  bodies.set(array.ref, { at: start, start, length, spelled: 'between' });
}

/** @returns bytes that are given back */
export function closeBodies(machine: PickleState): number {
  const bodies = bodiesOf(machine);
  const held = BODY_BYTES * bodies.size;
  bodies.clear();
  return held;
}

/** The array that a value is; `undefined` for anything else, and where its type or shape is not known. */
export function knownArray(of: Value | undefined, context: ContractContext): KnownArray | undefined {
  const maker = of === undefined ? undefined : context.madeBy(of);
  if (of === undefined || maker === undefined) return undefined;
  const name = `${maker.module}:${maker.name}`;
  const built = context.state.builtStates.get(of.ref);
  if (/^numpy\._?core\.multiarray:_reconstruct$/.test(name)) {
    const parts = (built === undefined ? undefined : context.state.tuple(built)) ?? [];
    const [shape, type, , content] = parts.length === 4 ? parts : parts.slice(1);
    return arrayOf(shape, type, content && placeOf(content, false, context.state), context);
  }
  if (name === 'dill._dill:_create_array') {
    const state = context.state.tuple(context.state.callOf(of)?.args ?? of)?.[2];
    const [, shape, type, , content] = (state === undefined ? undefined : context.state.tuple(state)) ?? [];
    return arrayOf(shape, type, content && placeOf(content, false, context.state), context);
  }
  if (/^numpy\._?core\.numeric:_frombuffer$/.test(name)) {
    const [buffer, type, shape, , axes] = context.state.tuple(context.state.callOf(of)?.args ?? of) ?? [];
    const array = arrayOf(shape, type, buffer && placeOf(buffer, false, context.state), context);
    return array === undefined || isAbsent(axes) ? array : transposed(array, axes, context);
  }
  if (/(?:^|\.)numpy_pickle:NumpyArrayWrapper$/.test(name)) {
    const fields = fieldsOf(built, context);
    return arrayOf(fields?.get('shape'), fields?.get('dtype'), bodiesOf(context.state).get(of.ref), context);
  }
  return undefined;
}

function arrayOf(
  shape: Value | undefined,
  type: Value | undefined,
  place: SpelledBytes | undefined,
  context: ContractContext,
): KnownArray | undefined {
  const element = elementType(type, context);
  const sizes = numbersOf(shape, context);
  if (context.state.waits || sizes.kind === 'broken' || element?.size === undefined) return undefined;
  const { letter, size: itemSize } = element;
  if (letter === undefined || type === undefined) return undefined;
  return { letter, itemSize, sizes: sizes.numbers, place: inOrder(type, context) ? place : undefined };
}

/** An array whose axes have another order than its bytes. */
function transposed(array: KnownArray, axes: Value | undefined, context: ContractContext): KnownArray | undefined {
  const order = numbersOf(axes, context);
  if (order.kind === 'broken' || order.numbers.length !== array.sizes.length) return undefined;
  return { ...array, sizes: order.numbers.map((axis) => array.sizes[axis] ?? -1) };
}

/** Whether the elements of a type are little-endian, as nearly all machines write them. */
function inOrder(type: Value, context: ContractContext): boolean {
  const built = context.state.builtStates.get(type.ref);
  const order = built === undefined ? undefined : context.state.tuple(built)?.[1];
  const text = order === undefined ? undefined : context.state.text(order);
  return text === '<' || text === '|';
}

/** The items of a dict by their keys; `undefined` where they are not known, or a key is not a literal. */
export function fieldsOf(of: Value | undefined, context: ContractContext): Map<string, Value> | undefined {
  const items = of === undefined ? undefined : context.state.itemsOf(of);
  if (items === undefined) return undefined;
  const fields = new Map<string, Value>();
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, value] = [items[i], items[i + 1]];
    const name = key === undefined ? undefined : context.state.text(key);
    if (name === undefined || value === undefined) return undefined;
    fields.set(name, value);
  }
  return fields;
}

export function isAbsent(of: Value | undefined): boolean {
  return of === undefined || of.kind === NONE;
}

export function isIndexArray(array: KnownArray | undefined): array is KnownArray {
  return array !== undefined && /^[iu]$/.test(array.letter) && (array.itemSize === 4 || array.itemSize === 8);
}
