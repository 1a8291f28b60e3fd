import { BOOL, GLOBAL, INT, NONE, OBJECT, TUPLE, type Value } from '../../../formats/pickle/index.ts';
import { MAX_DIMENSIONS } from './bounds.ts';
import { type Breach, type ContractContext, unexpected } from './contract.ts';

/** Numbers of a tuple, or why they are not. */
export type Numbers =
  | { readonly kind: 'numbers'; readonly numbers: readonly number[] }
  | { readonly kind: 'broken'; readonly breach: Breach };

function broken(breach: Breach): Numbers {
  return { kind: 'broken', breach };
}

/** A tuple of integers, or the `torch.Size` of one: sizes, strides, a shape. */
export function numbersOf(of: Value | undefined, context: ContractContext): Numbers {
  const items = of === undefined ? undefined : (context.state.tuple(of) ?? sizeArguments(of, context));
  if (items === undefined) return broken(otherThan(of, 'a tuple of numbers'));
  if (items.length > MAX_DIMENSIONS) return broken(unexpected(`a shape has more than ${MAX_DIMENSIONS} dimensions`));
  const numbers: number[] = [];
  for (const item of items) {
    const number = numberOf(item, context);
    if (typeof number !== 'number') return broken(number);
    numbers.push(number);
  }
  return { kind: 'numbers', numbers };
}

/** `torch.Size((2, 3))`. */
function sizeArguments(of: Value, context: ContractContext): Value[] | undefined {
  const maker = context.madeBy(of);
  const call = maker?.module === 'torch' && maker.name === 'Size' ? context.state.callOf(of) : undefined;
  const [inner, ...more] = call === undefined ? [] : (context.state.tuple(call.args) ?? []);
  return inner === undefined || more.length > 0 ? undefined : context.state.tuple(inner);
}

/**
 * A constant integer. A number above the safe integers of JavaScript is beyond every array, too, so only arithmetic that
 * overflows accepts it.
 */
export function numberOf(of: Value | undefined, context: ContractContext): number | Breach {
  if (of?.kind !== INT && of?.kind !== BOOL) return otherThan(of, 'a number');
  const number = context.state.integer(of);
  return number ?? 'a number is larger than the integers of the loader';
}

/** A value of another kind than expected: a value that can be called can act, any other is data. */
export function otherThan(of: Value | undefined, what: string): Breach {
  return of?.kind === GLOBAL ? `a global stands in place of ${what}` : unexpected(`a value is not ${what}`);
}

export function flag(of: Value | undefined): Breach | undefined {
  return of?.kind === BOOL || of?.kind === INT ? undefined : otherThan(of, 'true or false');
}

export function isNone(of: Value | undefined): boolean {
  return of?.kind === NONE;
}

export function isTuple(of: Value | undefined): of is Value {
  return of?.kind === TUPLE;
}

export function isMade(of: Value | undefined): of is Value {
  return of?.kind === OBJECT;
}
