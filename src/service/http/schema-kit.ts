import Type from 'typebox';

/** An object that holds what it names and nothing else. */
export function object<P extends Type.TProperties>(properties: P, description?: string) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });
}

export function text(description: string, options: Type.TStringOptions = {}) {
  return Type.String({ description, ...options });
}

export function maybeText(description: string) {
  return Type.Unsafe<string | null>({ type: ['string', 'null'], description });
}

export function countSchema(description: string) {
  return Type.Integer({ description, minimum: 0 });
}

export function list<T extends Type.TSchema>(items: T, description: string) {
  return Type.Immutable(Type.Array(items, { description }));
}

export function maybe<T extends Type.TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

export function oneOf<const T extends readonly string[]>(values: T, description: string) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], description });
}

/** Moments are ISO 8601 in UTC. */
export function moment(description: string) {
  return text(`${description}; ISO 8601, UTC`);
}

export function maybeMoment(description: string) {
  return maybeText(`${description}; ISO 8601, UTC`);
}

/** One page of a list. */
export function pageSchema<T extends Type.TSchema>(items: T, description: string) {
  return object({
    items: list(items, description),
    next: maybeText('Hand it back as `after` to get the next page; null on the last'),
  });
}

export const PAGE_QUERY = {
  limit: Type.Optional(Type.Integer({ description: 'Items of a page; 50 when absent', minimum: 1, maximum: 200 })),
  after: Type.Optional(text('`next` of the page before', { minLength: 1, maxLength: 500 })),
};

/** What a query says of the page, as the registry takes it. */
export function pageSchemaOf({ limit, after }: { readonly limit?: number; readonly after?: string }) {
  return { ...(limit === undefined ? {} : { limit }), ...(after === undefined ? {} : { after }) };
}

/** An answer without a body. */
export function nothing(description: string) {
  return Type.Unsafe<undefined>({ type: 'null', description });
}

/** The answer to a client that has the newest already. */
export const UNCHANGED = nothing('The client has it already');

export const ID = { minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9_-]+$' };
export const MODEL_NAME = { minLength: 1, maxLength: 200, pattern: '^[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*$' };
export const ALIAS = { minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' };
export const DIGEST = { pattern: '^sha256:[0-9a-f]{64}$' };
export const REFERENCE = { minLength: 1, maxLength: 1500 };

export const ID_PARAMS = object({ id: text('The id', ID) });
export const MODEL_PARAMS = object({
  name: text('The name of the model, as one segment of the address: `acme/bert` is written `acme%2Fbert`', MODEL_NAME),
});
/** What people say of an act. */
export const COMMENT = { minLength: 1, maxLength: 4000 };
