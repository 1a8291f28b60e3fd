import type { Scanner } from './scanner.ts';

/** Every scanner. Adding one is a line here. */
export const SCANNERS: readonly Scanner[] = [];
