import type { FastifyRequest } from 'fastify';
import { maybe, object, oneOf, optionalOf, type Static, text } from '../../../core/schema/index.ts';
import type { ID_PARAMS } from '../../http/index.ts';
import { SAID, type Said } from '../words.ts';

/** Pages are not part of the API's document. */
export const HIDDEN = { hide: true } as const;

const SAID_NAMES = Object.keys(SAID) as readonly Said[];

/** What a page may be told was just done. */
export const SAID_QUERY = { said: optionalOf(oneOf(SAID_NAMES, 'The last action')) };
export const AFTER_QUERY = {
  after: optionalOf(text('`next` of the page before', { minLength: 1, maxLength: 500 })),
};

/** A form without fields, and one by which was said why. */
export const EMPTY_FORM = maybe(object({}));
export const REASON_FORM = object({ reason: text('Why', { minLength: 1, maxLength: 4000 }) });

/** Of the thing that an address names, on routes whose parameters are `ID_PARAMS` or more. */
export function idIn({ params }: FastifyRequest): string {
  return (params as Static<typeof ID_PARAMS>).id;
}

/** Browsers send a line break as two characters, and a field that was left empty as an empty text. */
export function typed(value: string): string {
  return value.replaceAll('\r\n', '\n').trim();
}

export function typedOrNone(value: string | undefined): string | undefined {
  const given = typed(value ?? '');
  return given === '' ? undefined : given;
}

/** A day as a date field sends it: empty, or its first moment in UTC. */
export const DAY = optionalOf(text('A day', { pattern: '^(?:\\d{4}-\\d{2}-\\d{2})?$' }));

export function dayOf(value: string | undefined): Date | undefined {
  return value === undefined || value === '' ? undefined : new Date(`${value}T00:00:00Z`);
}

/** The page of a list, as the registry takes it. */
export function after(query: { readonly after?: string }) {
  return query.after === undefined ? {} : { after: query.after };
}
