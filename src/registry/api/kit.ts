import {
  array,
  list,
  nullable,
  object,
  oneOf,
  type Schema,
  type Static,
  type TextShape,
  text,
} from '../../core/schema/index.ts';
import { ROLES, STAGES } from './names.ts';

export function maybeText(description: string, shape?: TextShape) {
  return nullable(text(description, {}, shape));
}

const MOMENT: TextShape = {
  pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/,
  otherwise: 'is not a time',
};

/** Moments are ISO 8601 in UTC. */
export function moment(description: string) {
  return text(`${description}; ISO 8601, UTC`, {}, MOMENT);
}

export function maybeMoment(description: string) {
  return maybeText(`${description}; ISO 8601, UTC`, MOMENT);
}

/** What is printed as it is. */
export const AN_ID: TextShape = { pattern: /^[A-Za-z0-9_-]{1,100}$/, otherwise: 'is not an id' };
export const A_DIGEST: TextShape = { pattern: /^sha256:[0-9a-f]{64}$/, otherwise: 'is not a digest' };
export const A_HASH: TextShape = { pattern: /^[0-9a-f]{64}$/, otherwise: 'is not a hash' };

/** References in a lineage and in requests. */
export const REFERENCE = { minLength: 1, maxLength: 1500 };

export const StageSchema = oneOf(STAGES, 'Where a version stands');
export const RoleSchema = oneOf(ROLES, 'A role');

/** One page of a list. */
export function pageSchema<T>(items: Schema<T>, description?: string) {
  return object({
    items: description === undefined ? array(items) : list(items, description),
    next: maybeText('Hand it back as `after` to get the next page; null on the last'),
  });
}

export type Page<T> = Static<ReturnType<typeof pageSchema<T>>>;
