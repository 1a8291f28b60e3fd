import type { GraphSize } from '../network/index.ts';

/** A product of a number and named sizes: `4*batch`. */
interface Term {
  readonly factor: number;
  /** In their order. */
  readonly names: readonly string[];
}

const NAME = /^[A-Za-z_]\w*$/;
/** Names in one product. */
const MAX_NAMES = 16;

function termOf(size: GraphSize): Term | undefined {
  if (size === undefined) return undefined;
  if (typeof size === 'number') return { factor: size, names: [] };
  const [first = '', ...rest] = size.split('*');
  return NAME.test(first) ? { factor: 1, names: [first, ...rest] } : { factor: Number(first), names: rest };
}

function sizeOf({ factor, names }: Term): GraphSize {
  if (!Number.isSafeInteger(factor) || names.length > MAX_NAMES) return undefined;
  if (names.length === 0 || factor === 0) return factor;
  return [...(factor === 1 ? [] : [factor]), ...names].join('*');
}

export function isSizeName(name: string): boolean {
  return NAME.test(name);
}

export function timesSize(a: GraphSize, b: GraphSize): GraphSize {
  const [left, right] = [termOf(a), termOf(b)];
  if (left === undefined || right === undefined) return undefined;
  return sizeOf({ factor: left.factor * right.factor, names: [...left.names, ...right.names].sort() });
}

export function plusSize(a: GraphSize, b: GraphSize): GraphSize {
  const [left, right] = [termOf(a), termOf(b)];
  if (left === undefined || right === undefined) return undefined;
  if (left.factor === 0) return b;
  if (right.factor === 0) return a;
  if (left.names.join('*') !== right.names.join('*')) return undefined;
  return sizeOf({ factor: left.factor + right.factor, names: left.names });
}

export function minusSize(a: GraphSize, b: GraphSize): GraphSize {
  return plusSize(a, timesSize(b, -1));
}

/** What a size has to be multiplied by to be another one, if that is a whole number of known sizes. */
export function dividedSize(a: GraphSize, b: GraphSize): GraphSize {
  const [left, right] = [termOf(a), termOf(b)];
  if (left === undefined || right === undefined || right.factor === 0) return undefined;
  const names = [...left.names];
  for (const name of right.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  return sizeOf({ factor: left.factor / right.factor, names });
}

/** The quotient, cut towards minus infinity. */
export function floorDividedSize(a: GraphSize, b: GraphSize): GraphSize {
  if (typeof a === 'number' && typeof b === 'number') return b === 0 ? undefined : Math.floor(a / b);
  return dividedSize(a, b);
}

export function sizeProduct(sizes: readonly GraphSize[]): GraphSize {
  return sizes.reduce((product, size) => timesSize(product, size), 1);
}

/** Whether a size is a number; `undefined` where that is not known. Named sizes are whole numbers that are not negative. */
export function sizeIs(size: GraphSize, value: number): boolean | undefined {
  if (typeof size === 'number') return size === value;
  const term = termOf(size);
  return term !== undefined && term.factor > 0 && (value < 0 || value % term.factor !== 0) ? false : undefined;
}
