import type { Static } from '../schema/index.ts';
import type { SignatureSchema, SignerSchema, UncoveredFileSchema } from './schema/index.ts';

/** Who signed, proven by the signature and the trust that was configured. */
export type Signer = Static<typeof SignerSchema>;
/** A file that a loader may read and the signature does not cover. */
export type UncoveredFile = Static<typeof UncoveredFileSchema>;
/** What is known of one signature over an artifact. */
export type SignatureAssessment = Static<typeof SignatureSchema>;
