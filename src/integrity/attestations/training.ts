import { type AttestedTraining, trainingInputs } from '../../core/lineage/index.ts';
import { PREDICATE_TYPES } from '../statements/index.ts';
import type { VerifiedAttestation } from './verify-attestation.ts';

/**
 * The training run of an attestation; `undefined` for one that says something else.
 * @param name the file of the attestation, for messages
 */
export function trainingOf({ statement, rule }: VerifiedAttestation, name: string): AttestedTraining | undefined {
  if (statement.predicateType !== PREDICATE_TYPES.training) return undefined;
  const { predicate, subject } = statement;
  const inputs = trainingInputs(predicate);
  if (typeof inputs === 'string') return undefined;
  return {
    name,
    signer: rule.name,
    run: predicate.buildDefinition.externalParameters.run ?? null,
    at: predicate.runDetails.metadata?.finishedOn ?? null,
    model: subject.flatMap(({ name: path = '', digest: { sha256 } }) =>
      sha256 === undefined ? [] : [{ path, sha256 }],
    ),
    inputs,
  };
}
