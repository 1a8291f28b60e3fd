import { nothing, object, optionalOf, text, wholeNumber } from '../../core/schema/index.ts';
import { ID, MODEL_NAME } from '../../registry/api/index.ts';

export const PAGE_QUERY = {
  limit: optionalOf(wholeNumber({ description: 'Items of a page; 50 when absent', minimum: 1, maximum: 200 })),
  after: optionalOf(text('`next` of the page before', { minLength: 1, maxLength: 500 })),
};

/** The page in a query, in the form of the registry. */
export function pageRequestOf({ limit, after }: { readonly limit?: number; readonly after?: string }) {
  return { ...(limit === undefined ? {} : { limit }), ...(after === undefined ? {} : { after }) };
}

/** The answer to a client that has the newest already. */
export const UNCHANGED = nothing('The client has it already');

export const ALIAS = { minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' };

export const ID_PARAMS = object({ id: text('The id', ID) });
export const MODEL_PARAMS = object({
  name: text('The name of the model, as one segment of the address: `acme/bert` is written `acme%2Fbert`', MODEL_NAME),
});
