import { AssayError, quotedName } from '../../core/index.ts';
import type { RunTensor, TensorType } from '../../sandbox/index.ts';
import { hasRows, type RunnableInput, type RunnableModel } from './model.ts';
import { integersOf, type PlainArray } from './plain-array.ts';

/** What a model is given, and for how many rows. */
export interface Feeds {
  readonly tensors: ReadonlyMap<string, RunTensor>;
  /** 1 for a model whose inputs have no rows. */
  readonly rows: number;
  /** Whether a number was rounded to the type of the input. */
  readonly rounded: boolean;
}

/** Rows that are compared. */
const MAX_ROWS = 100_000;

/**
 * The inputs of a model, from arrays of a file: by name, or the only one for a model with one input.
 * @throws AssayError `usage` for an array that is missing, that no input takes, of another type or shape; `limit`
 */
export function feedsOf(model: RunnableModel, arrays: ReadonlyMap<string, PlainArray>, subject: string): Feeds {
  const sizes = new Map<string, number>();
  const tensors = new Map<string, RunTensor>();
  let rounded = false;
  for (const [input, array] of matched(model.inputs, arrays, 'input', subject)) {
    const where = `${subject}: ${quotedName(input.name)}`;
    const dims = dimsOf(input, array, sizes, where);
    const made = tensorOf(input.type, array, dims, where);
    rounded ||= made.rounded;
    tensors.set(input.name, made.tensor);
  }
  const [first] = model.inputs;
  const rows = hasRows(model) && first !== undefined ? (tensors.get(first.name)?.dims[0] ?? 1) : 1;
  if (rows > MAX_ROWS)
    throw new AssayError('limit', `has ${rows} rows, more than ${MAX_ROWS}`, {
      subject,
      hint: `give a part of them: X[:${MAX_ROWS}]`,
    });
  if (rows === 0) throw new AssayError('usage', 'has no rows', { subject, hint: 'give at least one row' });
  return { tensors, rows, rounded };
}

/**
 * Each wanted array with the one that was given.
 * @throws AssayError `usage` naming what is missing, and what is too much
 */
export function matched<T extends { readonly name: string }>(
  wanted: readonly T[],
  arrays: ReadonlyMap<string, PlainArray>,
  what: 'input' | 'output',
  subject: string,
): (readonly [T, PlainArray])[] {
  const [only, ...others] = wanted;
  const [array, ...more] = arrays.values();
  if (only !== undefined && others.length === 0 && array !== undefined && more.length === 0) return [[only, array]];
  const names = wanted.map(({ name }) => quotedName(name)).join(', ') || 'none';
  const hint = `its ${what}s are ${names}: write them with numpy.savez(path, name=array, ...)`;
  const missing = wanted.find(({ name }) => !arrays.has(name));
  if (missing !== undefined)
    throw new AssayError('usage', `has no array for the ${what} ${quotedName(missing.name)} of the model`, {
      subject,
      hint,
    });
  const extra = [...arrays.keys()].find((name) => !wanted.some((one) => one.name === name));
  if (extra !== undefined)
    throw new AssayError('usage', `has an array ${quotedName(extra)}, and the model has no such ${what}`, {
      subject,
      hint,
    });
  return wanted.flatMap((one) => {
    const found = arrays.get(one.name);
    return found === undefined ? [] : [[one, found] as const];
  });
}

/** The shape of an array, as the input has it. A column may be given as a list of numbers. */
function dimsOf(
  { shape }: RunnableInput,
  { dims }: PlainArray,
  sizes: Map<string, number>,
  subject: string,
): readonly number[] {
  const given = dims.length === 1 && shape.length === 2 && shape[1] === 1 ? [...dims, 1] : dims;
  const fits = given.length === shape.length && given.every((size, i) => fitting(size, shape[i], sizes));
  if (fits) return given;
  const wanted = shape.map((size) => (size === '' ? '?' : size)).join(', ');
  throw new AssayError('usage', `has the shape [${dims.join(', ')}], and the model takes [${wanted}]`, {
    subject,
    hint: 'a name in a shape stands for one size in all arrays, such as the number of rows',
  });
}

function fitting(size: number, wanted: number | string | undefined, sizes: Map<string, number>): boolean {
  if (typeof wanted === 'number') return size === wanted;
  if (wanted === undefined || wanted === '') return true;
  const known = sizes.get(wanted);
  if (known === undefined) sizes.set(wanted, size);
  return known === undefined || known === size;
}

interface Made {
  readonly tensor: RunTensor;
  readonly rounded: boolean;
}

function tensorOf(type: TensorType, array: PlainArray, dims: readonly number[], subject: string): Made {
  const wrong = (hint: string) => {
    const message = `holds ${array.kind}, and the model takes ${type === 'string' ? 'texts' : type}`;
    return new AssayError('usage', message, { subject, hint });
  };
  switch (type) {
    case 'string':
      if (array.kind !== 'texts') throw wrong("write it as array.astype('U')");
      return { tensor: { type, dims, data: array.values }, rounded: false };
    case 'float32':
    case 'float64': {
      if (array.kind === 'texts') throw wrong("write it as array.astype('float32')");
      const tensor: RunTensor =
        type === 'float32'
          ? { type, dims, data: Float32Array.from(array.values, Number) }
          : { type, dims, data: Float64Array.from(array.values, Number) };
      return { tensor, rounded: array.values.some((value, i) => !Object.is(Number(value), tensor.data[i])) };
    }
    case 'int64':
    case 'int32':
    case 'bool': {
      const whole = integersOf(array);
      if (whole === undefined) throw wrong(`write it as array.astype('${type}')`);
      const [low, high] = type === 'bool' ? [0n, 1n] : [-(2n ** 31n), 2n ** 31n - 1n];
      if (type !== 'int64' && whole.some((value) => value < low || value > high))
        throw new AssayError('usage', `holds a number that ${type} does not have`, { subject });
      if (type === 'int64') return { tensor: { type, dims, data: whole }, rounded: false };
      if (type === 'int32') return { tensor: { type, dims, data: Int32Array.from(whole, Number) }, rounded: false };
      return { tensor: { type, dims, data: Uint8Array.from(whole, Number) }, rounded: false };
    }
    default:
      throw new AssayError('unsupported', `is for an input of ${type}, which no file gives`, { subject });
  }
}
