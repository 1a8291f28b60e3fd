import type { DataPredicate } from '../statements/index.ts';
import { PREDICATE_TYPES } from '../statements/index.ts';
import type { VerifiedAttestation } from './verify-attestation.ts';

/** Checks of training data that a trusted signer attests. */
export interface AttestedData extends Pick<DataPredicate, 'status' | 'rows' | 'baseline'> {
  /** The name of the rule that trusts the signer. */
  readonly signer: string;
  /** SHA-256 of the profile of the data, 64 hex digits. */
  readonly profile: string;
  readonly at: string;
}

/** The checks of data that an attestation is about; `undefined` for an attestation of another kind. */
export function attestedDataOf({ statement, rule }: VerifiedAttestation): AttestedData | undefined {
  if (statement.predicateType !== PREDICATE_TYPES.data) return undefined;
  const { status, rows, baseline, profile, timeCreated: at } = statement.predicate;
  return { signer: rule.name, status, rows, baseline, profile: profile.sha256, at };
}
