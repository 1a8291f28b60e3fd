import * as v from 'valibot';
import { isOptional, type Optional, type Schema, type SchemaProperties } from '../../core/schema/index.ts';

type Of<P> =
  P extends Optional<infer S>
    ? v.GenericSchema<v.InferOutput<S>>
    : P extends Schema<infer T>
      ? v.GenericSchema<T>
      : never;
type Entries<P extends SchemaProperties, R> = {
  [K in keyof P]: K extends R ? Of<P[K]> : v.OptionalSchema<Of<P[K]>, undefined>;
};

/**
 * Some properties of an object, and no others: the `required` ones, and any of the rest.
 *
 * @example fragment(CheckSchema.properties, 'id', 'status') // { id, status, detail? }
 */
export function fragment<P extends SchemaProperties, R extends keyof P & string = never>(
  properties: P,
  ...required: readonly R[]
): v.StrictObjectSchema<Entries<P, R>, undefined> {
  const needed: ReadonlySet<string> = new Set(required);
  const entries = Object.entries(properties).map(([name, schema]) => {
    const value = isOptional(schema) ? schema.wrapped.answer : schema.answer;
    return [name, needed.has(name) ? value : v.optional(value)];
  });
  return v.strictObject(Object.fromEntries(entries) as Entries<P, R>);
}
