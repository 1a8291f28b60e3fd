import { AssayError } from '../../core/index.ts';
import type { BoosterModel } from '../../formats/boosters/index.ts';
import {
  dictOf,
  type Inert,
  type InertDict,
  type InertGlobal,
  inertTitle,
  isKind,
  sequenceOf,
} from '../../formats/pickle/inert/index.ts';
import type { ArrayTable, HeldArray } from '../numpy/index.ts';
import { type Labels, labelCount, labelsOf } from './labels.ts';
import { classOf, publicName } from './names.ts';

/** The file that estimators are of, and the arrays within. */
export interface EstimatorFile {
  readonly path: string;
  readonly arrays: ArrayTable;
  /** The models that its objects hold as bytes, by object. */
  readonly boosters: ReadonlyMap<Inert, BoosterModel>;
}

/** Numbers in rows. */
export interface RealMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** A name, or names that versions gave one attribute, the newest first. */
type Names = string | readonly string[];

/** No model has more features, or more outputs. */
const MAX_COUNT = 2 ** 24;
/** Estimators of one list. */
const MAX_ESTIMATORS = 1_000_000;

/**
 * An estimator as its file describes it: a class, which is a name, and what its state holds. Everything it gives is of the type and
 * shape that was asked for; errors name the estimator, the attribute and the cause.
 */
export class Estimator {
  readonly cls: InertGlobal;
  /** The value that it was read from, which is the same for two references to one estimator. */
  readonly value: Inert;
  /** Its class as it is documented: `sklearn.linear_model.Ridge`. */
  readonly name: string;
  readonly file: EstimatorFile;
  readonly #state: InertDict;

  constructor(value: Inert, cls: InertGlobal, state: InertDict, file: EstimatorFile) {
    this.value = value;
    this.cls = cls;
    this.name = publicName(cls);
    this.file = file;
    this.#state = state;
  }

  /** The version of scikit-learn that saved it. */
  get version(): string | undefined {
    const version = this.#state.get('_sklearn_version');
    return typeof version === 'string' ? version : undefined;
  }

  /** Whether it was saved by a version before another one. One that does not say its version is as the newest. */
  isBefore(major: number, minor: number): boolean {
    const [, a, b] = /^(\d+)\.(\d+)/.exec(this.version ?? '') ?? [];
    return a !== undefined && (Number(a) < major || (Number(a) === major && Number(b) < minor));
  }

  /** The value of an attribute; `undefined` when it is absent. */
  raw(names: Names): Inert | undefined {
    for (const name of typeof names === 'string' ? [names] : names) {
      const value = this.#state.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  has(names: Names): boolean {
    return this.raw(names) !== undefined;
  }

  /** Whether an attribute is absent or None. */
  lacks(names: Names): boolean {
    const value = this.raw(names);
    return value === undefined || value === null;
  }

  flag(names: Names, fallback?: boolean): boolean {
    const value = this.raw(names);
    if (typeof value === 'boolean') return value;
    if (value === undefined && fallback !== undefined) return fallback;
    const held = this.#held(value);
    if (held?.size === 1 && held.kind === 'boolean') return held.numbers()?.[0] === 1;
    throw this.wrong(names, value, 'not a Boolean');
  }

  /** A text; `None` is one where `fallback` is. */
  text(names: Names, fallback?: string): string {
    const value = this.raw(names);
    if (typeof value === 'string') return value;
    if (value === undefined && fallback !== undefined) return fallback;
    const texts = this.#held(value)?.texts();
    if (texts?.length === 1 && texts[0] !== undefined) return texts[0];
    throw this.wrong(names, value, 'not a text');
  }

  /** One of some texts. @throws AssayError `unsupported` for another one */
  choice<T extends string>(names: Names, choices: readonly T[], fallback?: NoInfer<T>): T {
    const text = this.text(names, fallback);
    const found = choices.find((one) => one === text);
    if (found === undefined) throw this.refuse(`${shown(names)} is ${JSON.stringify(text)}`);
    return found;
  }

  number(names: Names, fallback?: number): number {
    const value = this.raw(names);
    if (value === undefined && fallback !== undefined) return fallback;
    const number = this.numberOf(value);
    if (number === undefined) throw this.wrong(names, value, 'not a number');
    return number;
  }

  /** A number of Python or NumPy, or an array of one; `undefined` for any other value. */
  numberOf(value: Inert | undefined): number | undefined {
    if (typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    const held = this.#held(value);
    return held?.size === 1 && held.kind !== 'boolean' ? held.numbers()?.[0] : undefined;
  }

  /** A count, which is not negative. */
  count(names: Names, fallback?: number): number {
    const number = this.number(names, fallback);
    if (!Number.isSafeInteger(number) || number < 0 || number > MAX_COUNT)
      throw this.broken(`${shown(names)} is ${number}, which is not a count up to ${MAX_COUNT}`);
    return number;
  }

  /** An array of NumPy. */
  array(names: Names): HeldArray {
    const value = this.raw(names);
    const held = this.#held(value);
    if (held === undefined) throw this.wrong(names, value, 'not an array');
    return held;
  }

  arrayOf(value: Inert | undefined): HeldArray | undefined {
    return this.#held(value);
  }

  /** Numbers of one dimension; a number is one of length 1. */
  vector(names: Names, length?: number): Float64Array {
    const values = this.numbersOf(this.raw(names), names);
    const held = this.#held(this.raw(names));
    if (held !== undefined && held.shape.filter((size) => size !== 1).length > 1)
      throw this.broken(`${shown(names)} has the shape (${held.shape.join(', ')}), which is not that of a vector`);
    if (length !== undefined && values.length !== length)
      throw this.broken(`${shown(names)} has ${values.length} numbers instead of ${length}`);
    return values;
  }

  /** Numbers in rows. An array of one dimension is a row. */
  matrix(names: Names, expected: { readonly rows?: number; readonly columns?: number } = {}): RealMatrix {
    const value = this.raw(names);
    return this.matrixOf(value, names, expected);
  }

  matrixOf(
    value: Inert | undefined,
    names: Names,
    expected: { readonly rows?: number; readonly columns?: number } = {},
  ): RealMatrix {
    const values = this.numbersOf(value, names);
    const shape = this.#held(value)?.shape ?? [1, values.length];
    const [rows = 1, columns = 1, ...rest] = shape.length === 1 ? [1, ...shape] : shape;
    if (rest.length > 0 || shape.length === 0)
      throw this.broken(`${shown(names)} has the shape (${shape.join(', ')}), which is not that of a matrix`);
    if (expected.rows !== undefined && rows !== expected.rows)
      throw this.broken(`${shown(names)} has ${rows} rows instead of ${expected.rows}`);
    if (expected.columns !== undefined && columns !== expected.columns)
      throw this.broken(`${shown(names)} has ${columns} columns instead of ${expected.columns}`);
    return { rows, columns, values };
  }

  /** Every number of a value, in row order. */
  numbersOf(value: Inert | undefined, names: Names): Float64Array {
    const held = this.#held(value);
    if (held !== undefined) {
      const numbers = held.numbers() ?? this.#plainNumbers(held.objects());
      if (numbers === undefined) throw this.wrong(names, value, `an array of ${held.kind}, not of numbers`);
      return numbers;
    }
    const listed = this.#plainNumbers(sequenceOf(value));
    if (listed !== undefined) return listed;
    const number = this.numberOf(value);
    if (number === undefined) throw this.wrong(names, value, 'not numbers');
    return Float64Array.of(number);
  }

  /** The classes of a classifier. @param least how many there are at least */
  labels(names: Names = 'classes_', least = 1): Labels {
    // Classes of some estimators are a property that asks another one.
    if (!this.has(names) && this.has('_label_binarizer'))
      return this.estimator('_label_binarizer').labels(names, least);
    const held = this.array(names);
    if (held.shape.length !== 1) throw this.broken(`${shown(names)} is not a list`);
    const labels = labelsOf(held);
    if (labels === undefined)
      throw this.refuse(
        `${shown(names)} are neither all whole numbers nor all texts`,
        'train it on labels of one kind',
      );
    if (labelCount(labels) < least) throw this.broken(`${shown(names)} has ${labelCount(labels)} classes`);
    return labels;
  }

  /** The items of a list, a tuple, or an array of objects. */
  list(names: Names): readonly Inert[] {
    const value = this.raw(names);
    const items = sequenceOf(value) ?? this.#held(value)?.objects();
    if (items === undefined) throw this.wrong(names, value, 'not a list');
    if (items.length > MAX_ESTIMATORS) throw this.broken(`${shown(names)} has ${items.length} items`);
    return items;
  }

  estimator(names: Names): Estimator {
    return this.estimatorOf(this.raw(names), shown(names));
  }

  estimators(names: Names): Estimator[] {
    return this.list(names).map((item, index) => this.estimatorOf(item, `${shown(names)}[${index}]`));
  }

  estimatorOf(value: Inert | undefined, what: string): Estimator {
    if (classOf(value) === undefined) throw this.wrong(what, value, 'not an estimator');
    return estimatorOf(value ?? null, this.file);
  }

  /** An error of a model that cannot be converted. */
  refuse(why: string, hint?: string): AssayError {
    return new AssayError('unsupported', `${this.name} is not converted: ${why}`, {
      subject: this.file.path,
      hint: hint ?? 'convert it in Python (skl2onnx), in a sandbox, and scan the result',
    });
  }

  /** An error of a state that contradicts itself. */
  broken(what: string): AssayError {
    return new AssayError('malformed', `${this.name} contradicts itself: ${what}`, { subject: this.file.path });
  }

  wrong(names: Names, value: Inert | undefined, what: string): AssayError {
    if (value === undefined) {
      return new AssayError('malformed', `${this.name} has no ${shown(names)}`, {
        subject: this.file.path,
        hint: 'save the model after it was fitted',
      });
    }
    return this.broken(`${shown(names)} is ${inertTitle(value)}, ${what}`);
  }

  /** Numbers that stand one by one; `undefined` when one is something else. */
  #plainNumbers(items: readonly Inert[] | undefined): Float64Array | undefined {
    const numbers = items?.map((one) => this.numberOf(one));
    const known = numbers?.filter((one) => one !== undefined);
    return known !== undefined && known.length === items?.length ? Float64Array.from(known) : undefined;
  }

  #held(value: Inert | undefined): HeldArray | undefined {
    return value === undefined ? undefined : this.file.arrays.get(value);
  }
}

/**
 * What a value says of the estimator that it is. Nothing of its class is known but the name.
 * @throws AssayError `unsupported` for a value that is not an instance of a class, or that has a state of another kind than a dict
 */
export function estimatorOf(value: Inert, file: EstimatorFile): Estimator {
  const cls = classOf(value);
  if (cls === undefined || !isKind(value, 'object')) {
    throw new AssayError('unsupported', `holds ${inertTitle(value)}, which is not an estimator`, {
      subject: file.path,
    });
  }
  const [state, ...more] = value.states;
  const pair = sequenceOf(state);
  const dict = dictOf(pair?.length === 2 ? pair[0] : state);
  if (dict === undefined || more.length + value.items.length + value.entries.length > 0) {
    const what = value.states.length === 0 ? 'no state: it was not fitted' : 'a state that is not one dict';
    throw new AssayError('unsupported', `${publicName(cls)} is not converted: it has ${what}`, { subject: file.path });
  }
  return new Estimator(value, cls, dict, file);
}

function shown(names: Names): string {
  return typeof names === 'string' ? names : (names[0] ?? '');
}
