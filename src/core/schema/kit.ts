import { array, objectOf } from './composites.ts';
import type { Schema, SchemaProperties } from './schema.ts';
import { string, type TextOptions, type TextShape } from './texts.ts';
import { choiceOf, realNumber, wholeNumber } from './values.ts';

/** An object with the named properties and no others. */
export function object<P extends SchemaProperties>(properties: P, description?: string) {
  return objectOf(properties, { more: false, ...describedBy(description) });
}

export function text(description?: string, options: Omit<TextOptions, 'description'> = {}, shape?: TextShape) {
  return string({ ...describedBy(description), ...options }, shape);
}

export function countOf(description?: string) {
  return wholeNumber({ ...describedBy(description), minimum: 0 });
}

export function realOf(description?: string) {
  return realNumber(describedBy(description));
}

export function list<T>(items: Schema<T>, description?: string) {
  return array(items, describedBy(description));
}

export function oneOf<const T extends readonly string[]>(values: T, description?: string) {
  return choiceOf(values, { type: 'string', enum: [...values], ...describedBy(description) });
}

function describedBy(description: string | undefined): { readonly description?: string } {
  return description === undefined ? {} : { description };
}

/** `sha256:<hex>`: of an artifact, a policy, a ruleset. */
export const DIGEST = { pattern: '^sha256:[0-9a-f]{64}$' };
