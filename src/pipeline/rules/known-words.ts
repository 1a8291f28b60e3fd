import { TEST_AREAS } from '../../core/behavior/index.ts';
import type { KnownWords } from '../../policy/index.ts';
import { CHANGE_RULES, RULES } from '../../scan/rules/index.ts';
import { formatTitles } from '../format-titles.ts';

/** Checks of what is known of an artifact, and of its tests; those of formats are as many as there are formats. */
const CHECKS: readonly string[] = [
  'conversion.attested',
  'conversion.rebuild',
  'conversion.source',
  'conversion.verified',
  'data.provenance',
  'integrity.attestation',
  'integrity.checksum',
  'integrity.manifest',
  'integrity.signature',
  'tests.attested',
  'tests.passed',
  ...TEST_AREAS.map((area) => `behavior.${area}`),
];

/** The values that rules of a policy may compare with. A file of no known format has the format `unknown`. */
export function knownWords(): KnownWords {
  const rules = [...RULES.keys(), ...Object.values(CHANGE_RULES).map(({ id }) => id)];
  return { formats: [...formatTitles().keys(), 'unknown'], rules, checks: CHECKS };
}
