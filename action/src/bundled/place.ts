/** The address of the bundle, without what it was started with. */
export const BUNDLE = new URL(import.meta.url.replace(/[?#].*$/s, ''));

/** Under this address, where nothing is, the bundle finds the files that it carries. */
export const CARRIED = new URL('./carried/', BUNDLE);
