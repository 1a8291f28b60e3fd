/**
 * The files that the program reads beside its code (lists, policies), for the bundle: deflated JSON of a path and its text, in
 * Base-85. Empty in the source; `scripts/bundle-action.mjs` puts the content here.
 */
export const PACKED: string = '';
