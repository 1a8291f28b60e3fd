import type { Static } from '../schema/index.ts';
import type { ReadingSchema } from './schema/index.ts';

/** The verdict on one loader's reading of a file. */
export type Reading = Static<typeof ReadingSchema>;
