import { AssayError } from '../../core/index.ts';
import { shortName } from './refusals.ts';

/** A size that depends on how many rows the model is given. */
export const DYNAMIC = -1;

/** Sizes of a tensor in two runs with different numbers of rows. */
export interface SeenShape {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** The shapes of the tensors of a graph, and the numbers that some of them always hold. */
export class SeenShapes {
  readonly #seen: ReadonlyMap<string, SeenShape>;
  readonly #shapes = new Map<string, readonly number[]>();
  readonly #values: ReadonlyMap<string, readonly number[]>;

  constructor(seen: ReadonlyMap<string, SeenShape>, values: ReadonlyMap<string, readonly number[]>) {
    this.#seen = seen;
    this.#values = values;
  }

  /** The sizes; DYNAMIC where they depend on the number of rows. */
  of(name: string): readonly number[] {
    const known = this.#shapes.get(name);
    if (known !== undefined) return known;
    const { first, second } = this.#get(name);
    const shape = first.map((size, axis) => (size === second[axis] ? size : DYNAMIC));
    this.#shapes.set(name, shape);
    return shape;
  }

  /** Whether an axis of one tensor is as long as one of another, however many rows there are. */
  equal(a: string, b: string, axis: number): boolean {
    const [one, other] = [this.#get(a), this.#get(b)];
    return one.first[axis] === other.first[axis] && one.second[axis] === other.second[axis];
  }

  /** The numbers of a constant, or those that a tensor held in both runs; undefined for one that may hold others. */
  values(name: string): readonly number[] | undefined {
    return this.#values.get(name);
  }

  #get(name: string): SeenShape {
    const seen = this.#seen.get(name);
    if (seen === undefined) throw new AssayError('internal', `the shape of ${shortName(name)} is not known`);
    return seen;
  }
}
