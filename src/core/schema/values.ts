import * as v from 'valibot';
import { type JsonSchema, type Schema, schemaOf } from './schema.ts';

/** Bounds of a number, itself included. */
export interface NumberOptions {
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Numbers in answers are counts. */
export function wholeNumber(options: NumberOptions = {}): Schema<number> {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = options;
  const check = v.pipe(
    v.custom<number>((value) => Number.isInteger(value), 'must be integer'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      if (dataset.value > maximum) addIssue({ message: `must be <= ${maximum}` });
      else if (dataset.value < minimum) addIssue({ message: `must be >= ${minimum}` });
    }),
  );
  const least = options.minimum ?? 0;
  const answer = () =>
    v.pipe(v.number('must be integer'), v.safeInteger('must be integer'), v.minValue(least, `must be >= ${least}`));
  return schemaOf(check, { type: 'integer', ...options }, answer);
}

/** A number that JSON can hold: a finite one. */
export function realNumber(options: NumberOptions = {}): Schema<number> {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = options;
  const check = v.pipe(
    v.number('must be number'),
    v.finite('must be number'),
    v.minValue(minimum, `must be >= ${minimum}`),
    v.maxValue(maximum, `must be <= ${maximum}`),
  );
  return schemaOf(check, { type: 'number', ...options });
}

export function flagOf(options: { readonly description?: string } = {}): Schema<boolean> {
  return schemaOf(v.boolean('must be boolean'), { type: 'boolean', ...options });
}

export function literal<const T extends string>(value: T): Schema<T> {
  return schemaOf(v.literal(value, 'must be equal to constant'), { type: 'string', const: value });
}

/** One of these texts. `json` is what documents say of it. */
export function choiceOf<const T extends readonly string[]>(values: T, json: JsonSchema): Schema<T[number]> {
  const otherwise = `must be equal to one of the allowed values: ${values.join(', ')}`;
  const check: v.GenericSchema<T[number]> = v.picklist(values, otherwise);
  // Documents state the type text for most of these: for a number, that is the fault.
  const texts = v.pipe(v.string('must be string') as v.GenericSchema<unknown>, check) as v.GenericSchema<unknown>;
  return schemaOf(json.type === 'string' ? (texts as v.GenericSchema<T[number]>) : check, json);
}

/** One of these texts; a newer program may answer with others. */
export function growingChoice<T extends string>(values: readonly T[], json: JsonSchema): Schema<T> {
  const open = v.string('must be string') as v.GenericSchema<unknown> as v.GenericSchema<T>;
  return schemaOf(choiceOf(values, json), json, () => open);
}

/** JSON for which documents state only that it is an object or a list. */
export function opaque<T>(json: JsonSchema & { readonly type: 'object' | 'array' }): Schema<T> {
  const isIt = json.type === 'array' ? Array.isArray : isObject;
  return schemaOf(
    v.custom<T>((value) => isIt(value), `must be ${json.type}`),
    json,
  );
}

/** An answer without a body. */
export function nothing(description: string): Schema<undefined> {
  return schemaOf(v.undefined('must be null'), { type: 'null', description });
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
