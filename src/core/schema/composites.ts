import * as v from 'valibot';
import {
  isOptional,
  type JsonSchema,
  type ObjectSchema,
  type Schema,
  type SchemaProperties,
  type StaticObject,
  schemaOf,
} from './schema.ts';
import { isObject } from './values.ts';

export interface ObjectOptions {
  readonly description?: string;
  /** Whether it may hold properties that it does not name; these are kept then. */
  readonly more?: boolean;
}

/** An object with the named properties and, unless `more` is allowed, no others. */
export function objectOf<P extends SchemaProperties>(properties: P, options: ObjectOptions = {}): ObjectSchema<P> {
  const { more, ...described } = options;
  const required = Object.entries(properties).flatMap(([name, schema]) => (isOptional(schema) ? [] : [name]));
  const json = {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, jsonOf(schema)])),
    ...(more === undefined ? {} : { additionalProperties: more }),
    ...described,
  };
  const check = members<P>(properties, required, more === false ? 'refuse' : 'keep');
  const answer = () => members<P>(answersOf(properties), required, 'pass over');
  return Object.assign(schemaOf(check, json, answer), { properties });
}

/** An object with some of the properties of another: those that a reader needs. */
export function pick<P extends SchemaProperties, N extends keyof P & string>(
  { properties }: ObjectSchema<P>,
  ...names: readonly N[]
) {
  const picked = Object.fromEntries(names.map((name) => [name, properties[name]])) as Pick<P, N>;
  return objectOf(picked, { more: false });
}

function jsonOf(schema: SchemaProperties[string]): JsonSchema {
  return isOptional(schema) ? schema.wrapped.json : schema.json;
}

function answersOf(properties: SchemaProperties): v.ObjectEntries {
  const entries = Object.entries(properties).map(([name, schema]): [string, v.GenericSchema] => [
    name,
    isOptional(schema) ? v.exactOptional(schema.wrapped.answer) : schema.answer,
  ]);
  return Object.fromEntries(entries);
}

/** Names are looked for among those of the object itself, never of its prototype (CWE-1321). */
function members<P extends SchemaProperties>(
  entries: v.ObjectEntries,
  required: readonly string[],
  others: 'refuse' | 'keep' | 'pass over',
): v.GenericSchema<StaticObject<P>> {
  const keys = v.rawCheck<Readonly<Record<string, unknown>>>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { value } = dataset;
    const missing = required.find((name) => !Object.hasOwn(value, name));
    if (missing !== undefined) return addIssue({ message: `must have required property '${missing}'` });
    if (others !== 'refuse') return;
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(entries, name));
    if (unknown !== undefined) {
      addIssue({ message: `must NOT have additional properties: ${JSON.stringify(unknown.slice(0, MAX_SHOWN_NAME))}` });
    }
  });
  const values = others === 'keep' ? v.looseObject(entries) : v.object(entries);
  const checked: v.GenericSchema = v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, 'must be object'),
    keys,
  );
  return v.pipe(checked, values as v.GenericSchema) as v.GenericSchema<unknown> as v.GenericSchema<StaticObject<P>>;
}

/** Names from untrusted input are shortened in messages. */
const MAX_SHOWN_NAME = 60;

export interface ArrayOptions {
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: true;
  readonly description?: string;
}

export function array<T>(items: Schema<T>, options: ArrayOptions = {}): Schema<readonly T[]> {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, uniqueItems } = options;
  const size = v.rawCheck<readonly unknown[]>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { value } = dataset;
    if (value.length > maxItems) addIssue({ message: `must NOT have more than ${maxItems} items` });
    else if (value.length < minItems) addIssue({ message: `must NOT have fewer than ${minItems} items` });
    else if (uniqueItems === true && hasTwice(value)) addIssue({ message: 'must NOT have duplicate items' });
  });
  const sized: v.GenericSchema = v.pipe(v.custom<readonly unknown[]>(Array.isArray, 'must be array'), size);
  const check = v.pipe(sized, v.array(items) as v.GenericSchema) as v.GenericSchema<unknown>;
  const answer = (): v.GenericSchema<readonly T[]> => v.pipe(v.array(items.answer, 'must be array'), v.readonly());
  return schemaOf(check as v.GenericSchema<readonly T[]>, { type: 'array', items: items.json, ...options }, answer);
}

function hasTwice(values: readonly unknown[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size < values.length;
}

export function union<const S extends readonly Schema[]>(
  options: S,
  described: { readonly description?: string } = {},
): Schema<v.InferOutput<S[number]>> {
  const otherwise = 'must match a schema in anyOf';
  const check = v.union([...options], otherwise);
  const answer = () =>
    v.union(
      options.map((option) => option.answer),
      otherwise,
    );
  const json = { anyOf: options.map(({ json }) => json), ...described };
  return schemaOf<v.InferOutput<S[number]>>(check, json, answer);
}

/** The schema of one, or null. */
export function maybe<T>(schema: Schema<T>, described: { readonly description?: string } = {}): Schema<T | null> {
  return schemaOf<T | null>(v.nullable(schema), { anyOf: [schema.json, { type: 'null' }], ...described }, () =>
    v.nullable(schema.answer),
  );
}

/** The same of a text or a number, as documents show these: a type beside `null`. */
export function nullable<T>(schema: Schema<T>): Schema<T | null> {
  const { type, ...more } = schema.json;
  return schemaOf<T | null>(v.nullable(schema), { type: [type, 'null'], ...more }, () => v.nullable(schema.answer));
}
