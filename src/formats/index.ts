import type { Format } from './format.ts';

/** Every format, in the order they are asked: the strictest magic first, text last. Adding one is a line here. */
export const FORMATS: readonly Format[] = [];
