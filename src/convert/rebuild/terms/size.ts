/** The size of a dimension: a polynomial of the sizes that are known only when the model runs, each of them at least 1. */
export class SymbolicSize {
  /** What tells it apart from every other size. */
  readonly key: string;
  /** Coefficients of products of names; the product of none is the empty string. */
  readonly #parts: ReadonlyMap<string, number>;

  private constructor(parts: ReadonlyMap<string, number>) {
    const sorted = [...parts].filter(([, count]) => count !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
    this.#parts = new Map(sorted);
    this.key = sorted.map(([name, count]) => (name === '' ? `${count}` : `${count}*${name}`)).join('+') || '0';
  }

  static of(value: number): SymbolicSize {
    return new SymbolicSize(new Map([['', value]]));
  }

  static named(name: string): SymbolicSize {
    return new SymbolicSize(new Map([[name.replace(/[*+]/g, '_') || '?', 1]]));
  }

  /** The size as a number; `undefined` for one that depends on a name. */
  get number(): number | undefined {
    if (this.#parts.size === 0) return 0;
    return this.#parts.size === 1 ? this.#parts.get('') : undefined;
  }

  equals(other: SymbolicSize): boolean {
    return this.key === other.key;
  }

  plus(other: SymbolicSize): SymbolicSize {
    const sum = new Map(this.#parts);
    for (const [name, count] of other.#parts) sum.set(name, (sum.get(name) ?? 0) + count);
    return new SymbolicSize(sum);
  }

  minus(other: SymbolicSize): SymbolicSize {
    return this.plus(other.times(SymbolicSize.of(-1)));
  }

  times(other: SymbolicSize): SymbolicSize {
    const product = new Map<string, number>();
    for (const [left, count] of this.#parts)
      for (const [right, times] of other.#parts) {
        const name = [...left.split('*'), ...right.split('*')].filter((one) => one !== '').sort();
        const key = name.join('*');
        product.set(key, (product.get(key) ?? 0) + count * times);
      }
    return new SymbolicSize(product);
  }

  /** The exact quotient by a product of names and a number; `undefined` where there is none. */
  over(divisor: SymbolicSize): SymbolicSize | undefined {
    if (this.equals(divisor)) return SymbolicSize.of(1);
    const [only, ...more] = divisor.#parts;
    if (only === undefined || more.length > 0) return undefined;
    const quotient = new Map<string, number>();
    for (const [name, count] of this.#parts) {
      const left = name.split('*');
      for (const factor of only[0].split('*')) {
        if (factor === '') continue;
        const at = left.indexOf(factor);
        if (at < 0) return undefined;
        left.splice(at, 1);
      }
      if (count % only[1] !== 0) return undefined;
      quotient.set(left.filter((one) => one !== '').join('*'), count / only[1]);
    }
    return new SymbolicSize(quotient);
  }

  /** Whether it is below, at or above zero, for all sizes that its names can be; `undefined` where that depends on them. */
  get sign(): -1 | 0 | 1 | undefined {
    if (this.#parts.size === 0) return 0;
    let [low, high] = [0, 0];
    for (const [name, count] of this.#parts) {
      low += count > 0 || name === '' ? count : Number.NEGATIVE_INFINITY;
      high += count < 0 || name === '' ? count : Number.POSITIVE_INFINITY;
    }
    if (low > 0) return 1;
    return high < 0 ? -1 : undefined;
  }
}

export type SymbolicShape = readonly SymbolicSize[];

export const ONE = SymbolicSize.of(1);

export function isOne(size: SymbolicSize | undefined): boolean {
  return size === undefined || size.number === 1;
}

export function shapeKey(shape: SymbolicShape): string {
  return shape.map(({ key }) => key).join(',');
}

export function sameShape(a: SymbolicShape, b: SymbolicShape): boolean {
  return a.length === b.length && a.every((size, i) => b[i]?.equals(size) === true);
}

/** The shape without sizes of 1 at its beginning, which change no element. */
export function stripped(shape: SymbolicShape): SymbolicShape {
  const first = shape.findIndex((size) => !isOne(size));
  return first < 0 ? [] : shape.slice(first);
}

/** As many dimensions, with sizes of 1 at the beginning. */
export function padded(shape: SymbolicShape, rank: number): SymbolicShape {
  return [...Array.from({ length: Math.max(0, rank - shape.length) }, () => ONE), ...shape];
}

/** The shape of tensors that are combined element by element; `undefined` where they cannot be. */
export function broadcast(shapes: readonly SymbolicShape[]): SymbolicShape | undefined {
  const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
  const result: SymbolicSize[] = [];
  for (let i = 0; i < rank; i++) {
    let size = ONE;
    for (const shape of shapes) {
      const one = shape[shape.length - rank + i];
      if (one === undefined || isOne(one) || one.equals(size)) continue;
      if (!isOne(size)) return undefined;
      size = one;
    }
    result.push(size);
  }
  return result;
}

export function elements(shape: SymbolicShape): SymbolicSize {
  return shape.reduce((product, size) => product.times(size), ONE);
}
