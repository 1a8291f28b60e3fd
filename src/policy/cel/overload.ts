import type { Budget } from './budget.ts';
import type { Type } from './types.ts';
import { type Duration, type Failure, type Tag, type Timestamp, tagOf, type Value, type ValueMap } from './values.ts';

/** The values that a parameter takes. */
interface Values {
  null: null;
  bool: boolean;
  int: bigint;
  double: number;
  string: string;
  timestamp: Timestamp;
  duration: Duration;
  list: readonly Value[];
  map: ValueMap;
  any: Value;
}

export type Parameter = Tag | 'any';
type Arguments<P extends readonly Parameter[]> = { [I in keyof P]: Values[P[I]] };

/** One way to call a function: by it the checker knows types, and the evaluator what to do. */
export interface Overload {
  readonly name: string;
  /** `a.name(b)`: the first parameter is what stands before the point. */
  readonly style: 'call' | 'method';
  readonly params: readonly Parameter[];
  readonly result: Type;
  /** `undefined` when the arguments are of other types. */
  apply(args: readonly Value[], budget: Budget): Value | Failure | undefined;
}

export function define<const P extends readonly Parameter[]>(
  style: Overload['style'],
  name: string,
  params: P,
  result: Type,
  run: (args: Arguments<P>, budget: Budget) => Value | Failure,
): Overload {
  const fits = (args: readonly Value[]): args is Arguments<P> & readonly Value[] =>
    args.length === params.length && params.every((param, i) => param === 'any' || param === tagOf(args[i] ?? null));
  return { name, style, params, result, apply: (args, budget) => (fits(args) ? run(args, budget) : undefined) };
}

/** Both `name(a, b)` and `a.name(b)`. */
export function defineBoth<const P extends readonly Parameter[]>(
  name: string,
  params: P,
  result: Type,
  run: (args: Arguments<P>, budget: Budget) => Value | Failure,
): Overload[] {
  return [define('call', name, params, result, run), define('method', name, params, result, run)];
}
