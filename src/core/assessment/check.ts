import type { Static } from '../schema/index.ts';
import type { CheckSchema } from './schema/index.ts';

/** A question about an artifact, and its result. */
export type Check = Static<typeof CheckSchema>;
export type CheckStatus = Check['status'];
