import type { Static } from '../schema/index.ts';
import type { SignatureSchema, SignerSchema, UncoveredFileSchema } from './schema/index.ts';

/** The identity of the signer, proven by the signature and the configured trust. */
export type Signer = Static<typeof SignerSchema>;
/** A file that a loader may read but the signature does not cover. */
export type UncoveredFile = Static<typeof UncoveredFileSchema>;
/** The facts about one signature over an artifact. */
export type SignatureAssessment = Static<typeof SignatureSchema>;
