import * as v from 'valibot';

/** A part of a JSON Schema, in the order in which documents show it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * A JSON type, declared once. The schema itself checks requests: it accepts only the properties that it names. `json` is its
 * form in documents, and `answer` checks an answer of another, perhaps newer program: it ignores properties that the type does
 * not name.
 */
export interface Schema<T = unknown> extends v.GenericSchema<T> {
  readonly json: JsonSchema;
  readonly answer: v.GenericSchema<T>;
}

/** The type that a schema declares. */
export type Static<S extends v.GenericSchema> = v.InferOutput<S>;

/** A property that may be absent. */
export type Optional<S extends Schema = Schema> = v.ExactOptionalSchema<S, undefined>;
export type SchemaProperties = Readonly<Record<string, Schema | Optional>>;
type Writable<P> = { -readonly [K in keyof P]: P[K] };
/** What an object with such properties is. */
export type StaticObject<P extends SchemaProperties> = Readonly<v.InferOutput<v.ObjectSchema<Writable<P>, undefined>>>;

export interface ObjectSchema<P extends SchemaProperties = SchemaProperties> extends Schema<StaticObject<P>> {
  readonly properties: P;
}

/** @param answer made on demand: most programs never need it */
export function schemaOf<T>(check: v.GenericSchema<T>, json: JsonSchema, answer?: () => v.GenericSchema<T>): Schema<T> {
  let made: v.GenericSchema<T> | undefined;
  return {
    ...check,
    json,
    get answer() {
      made ??= answer?.() ?? check;
      return made;
    },
  };
}

export function isOptional(schema: Schema | Optional): schema is Optional {
  return schema.type === 'exact_optional';
}

export function optionalOf<S extends Schema>(schema: S): Optional<S> {
  return v.exactOptional(schema);
}
