/**
 * The files that the program reads beside its code (lists, policies), for the bundle: JSON of paths and their texts, in Brotli
 * and Base-85. Empty in the source; `scripts/bundle-action.mjs` puts the content here.
 */
export const PACKED: string = '';
