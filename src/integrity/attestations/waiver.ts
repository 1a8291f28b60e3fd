import type { Waiver } from '../../core/assessment/index.ts';
import { PREDICATE_TYPES } from '../statements/index.ts';
import type { VerifiedAttestation } from './verify-attestation.ts';

/** A verified waiver in the form that policies use; `undefined` for an attestation that is not a waiver. */
export function waiverOf({ statement, rule: signer }: VerifiedAttestation): Waiver | undefined {
  if (statement.predicateType !== PREDICATE_TYPES.waiver) return undefined;
  // The first subject is the artifact by its tree digest; the others are other names of it.
  const tree = statement.subject[0]?.digest.sha256;
  if (tree === undefined) return undefined;
  const { rule, file, reason, owner, expires } = statement.predicate;
  const from = `attestation by ${signer.name}`;
  return { rule, digest: `sha256:${tree}`, ...(file === undefined ? {} : { file }), reason, owner, expires, from };
}
