import { WaiverSchema } from '../../core/assessment/schema/index.ts';
import { maybe, object, type Static, text } from '../../core/schema/index.ts';
import { maybeMoment, maybeText, moment } from './kit.ts';
import { ApprovalMethodSchema } from './transitions.ts';

export const StoredWaiverSchema = object({
  id: text('Id of the waiver'),
  tenant: text('The tenant'),
  waiver: WaiverSchema,
  createdBy: text('Who added it'),
  at: moment('When it was added'),
  revokedAt: maybeMoment('When it was revoked'),
  signer: maybeText('Who signed it: the hint of a key, an identity; of `service`, who had the session'),
  method: maybe(ApprovalMethodSchema),
  attestation: maybeText('The signed waiver: a Sigstore bundle as JSON text'),
});
/** A waiver with its creator and its signer; a waiver from before waivers were signed has no signer. */
export type StoredWaiver = Static<typeof StoredWaiverSchema>;
