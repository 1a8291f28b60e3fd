import type { Static } from '../schema/index.ts';
import type { ReadingSchema } from './schema/index.ts';

/** What one loader would do with a file. */
export type Reading = Static<typeof ReadingSchema>;
