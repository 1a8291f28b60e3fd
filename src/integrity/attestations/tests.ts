import type { AttestedTests } from '../../core/behavior/index.ts';
import { PREDICATE_TYPES } from '../statements/index.ts';
import type { VerifiedAttestation } from './verify-attestation.ts';

/**
 * The tests that an attestation is about; `undefined` for an attestation of another kind.
 * @param name as messages name the attestation
 */
export function testsOf({ statement, rule }: VerifiedAttestation, name: string): AttestedTests | undefined {
  if (statement.predicateType !== PREDICATE_TYPES.tests) return undefined;
  const { baseline, data, device, rowsAtOnce, status, suite, tests, timeCreated: at, tool } = statement.predicate;
  const [first, ...others] = statement.subject.map(({ name: path = '', digest: { sha256 = '' } }) => ({
    path,
    sha256,
  }));
  if (first === undefined) return undefined;
  const model = { ...first, data: others };
  return { name, signer: rule.name, at, baseline, data, device, model, rowsAtOnce, status, suite, tests, tool };
}
