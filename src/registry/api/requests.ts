import { DIGEST, object, oneOf, optionalOf, type Static, text, wholeNumber } from '../../core/schema/index.ts';
import { REFERENCE, StageSchema } from './kit.ts';
import type { Role } from './names.ts';
import { LineageSchema } from './versions.ts';

export const ID = { minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9_-]+$' };
export const MODEL_NAME = { minLength: 1, maxLength: 200, pattern: '^[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*$' };
/** A comment of a user on an action. */
export const COMMENT = { minLength: 1, maxLength: 4000 };

export const JobRequestSchema = object(
  {
    ref: optionalOf(
      text('Where the model is: hf://, https://, s3://, oci://, models:/. Paths are not read', REFERENCE),
    ),
    upload: optionalOf(text('Id of a complete upload, instead of `ref`', { minLength: 1, maxLength: 64 })),
    model: optionalOf(text('The model that the version will belong to; the repository, when absent', MODEL_NAME)),
    priority: optionalOf(wholeNumber({ minimum: 0, maximum: 100, description: 'Higher first; 0 when absent' })),
    lineage: optionalOf(LineageSchema),
  },
  'A reference or an upload',
);
/** A request for a scan of `ref` or of `upload`. Only a model of the Hub has its own name. */
export type JobRequest = Static<typeof JobRequestSchema>;

/** One file of an upload that begins. */
export const NewFileSchema = object({
  path: text('Path within the artifact, `/` between its parts', { minLength: 1, maxLength: 1024 }),
  size: wholeNumber({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'Bytes' }),
  sha256: optionalOf(text('Hex; checked when the upload is completed', { pattern: '^[0-9a-f]{64}$' })),
});
export type NewFile = Static<typeof NewFileSchema>;

export const TransitionRequestSchema = object({ to: StageSchema, comment: text('Why', COMMENT) });
export type TransitionRequest = Static<typeof TransitionRequestSchema>;

/** Roles that vote. */
export const VOTING_ROLES = ['reviewer', 'security-approver', 'admin'] as const satisfies readonly Role[];
/** A Sigstore bundle over an approval is a few thousand bytes. */
const MAX_ATTESTATION = 256 * 1024;

export const RejectSchema = object({
  comment: text('Why', COMMENT),
  role: optionalOf(oneOf(VOTING_ROLES, 'In which role; one that is still needed, when absent')),
});

export const ApproveSchema = object({
  ...RejectSchema.properties,
  attestation: optionalOf(
    text('The approval, signed by the approver: a Sigstore bundle as JSON text', {
      maxLength: MAX_ATTESTATION,
    }),
  ),
  until: optionalOf(text('The end of the approval: ISO 8601', { format: 'date-time' })),
  decision: optionalOf(text('Id of the decision that the approver saw', ID)),
  policyDigest: optionalOf(text('Digest of the policy that the approver saw', DIGEST)),
  rulesetDigest: optionalOf(text('Digest of the ruleset that the approver saw', DIGEST)),
});
/** The reason to quarantine or retire a version, or to revoke an approval. */
export const ReasonSchema = object({ reason: text('Why', COMMENT) });
export type Reason = Static<typeof ReasonSchema>;
