import { object, type Static, text } from '../../core/schema/index.ts';
import { maybeMoment, moment } from './kit.ts';
import { ApprovalMethodSchema } from './transitions.ts';

/** CWE-770: no bundle with one statement and one chain is larger. */
export const MAX_IMAGE_ATTESTATION = 1024 * 1024;

export const ApprovedImageSchema = object({
  id: text('Id of the approval'),
  digest: text('`sha256:<hex>` of the manifest, or of the index'),
  createdBy: text('Who added it'),
  at: moment('When it was added'),
  revokedAt: maybeMoment('When it was revoked'),
  why: text('Why it was revoked; empty while it counts'),
  signer: text('Who signed it'),
  method: ApprovalMethodSchema,
  attestation: text('The signed approval: a Sigstore bundle as JSON text'),
});
/** A signed approval of a container image: what it says stands in its attestation. */
export type ApprovedImage = Static<typeof ApprovedImageSchema>;

export const ImageRequestSchema = object({
  attestation: text('The signed approval: a Sigstore bundle as JSON text', {
    minLength: 1,
    maxLength: MAX_IMAGE_ATTESTATION,
  }),
});
export type ImageRequest = Static<typeof ImageRequestSchema>;
