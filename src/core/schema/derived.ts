import type * as v from 'valibot';
import { nullable, objectOf } from './composites.ts';
import { isOptional, type ObjectSchema, type Optional, type Schema, type SchemaProperties } from './schema.ts';

/** Properties that are all present: one that may be absent is null instead. */
export type Filled<P extends SchemaProperties> = {
  readonly [K in keyof P]: P[K] extends Optional<infer S> ? Schema<v.InferOutput<S> | null> : P[K];
};

/**
 * The same object for a document that holds every property. Those that may be absent are texts and numbers.
 *
 * @example filled(objectOf({ line: optionalOf(wholeNumber()) })) // { line: number | null }
 */
export function filled<P extends SchemaProperties>({ properties, json }: ObjectSchema<P>): ObjectSchema<Filled<P>> {
  const all = Object.entries(properties).map(([name, schema]) => [
    name,
    isOptional(schema) ? nullable(schema.wrapped) : schema,
  ]);
  const { description } = json;
  return objectOf(Object.fromEntries(all) as Filled<P>, {
    more: false,
    ...(typeof description === 'string' ? { description } : {}),
  });
}
