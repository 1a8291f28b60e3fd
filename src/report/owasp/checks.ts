import type { RiskEvidence } from '../../core/assessment/index.ts';

/** The risks that the result of a check is about, and its meaning for them. */
export interface CheckMeaning {
  readonly risks: readonly string[];
  /** `proxy`: it looks at what surrounds the model, not at the model. */
  readonly evidence: Extract<RiskEvidence, 'direct' | 'proxy'>;
}

const SUPPLY_CHAIN: CheckMeaning = { risks: ['ML06:2023'], evidence: 'direct' };
const SAME_BYTES: CheckMeaning = { risks: ['ML06:2023', 'ML10:2023'], evidence: 'direct' };
/** Formats that training data comes in: their content that was not judged may be poisoned. */
const TABLES: CheckMeaning = { risks: ['ML02:2023', 'ML06:2023'], evidence: 'direct' };

/** By id of a check. */
const MEANINGS: ReadonlyMap<string, CheckMeaning> = new Map<string, CheckMeaning>([
  ['behavior.backdoor', { risks: ['ML10:2023'], evidence: 'direct' }],
  ['behavior.extraction', { risks: ['ML05:2023'], evidence: 'direct' }],
  ['behavior.adversarial', { risks: ['ML01:2023'], evidence: 'direct' }],
  // It says which data, and not that nobody poisoned it.
  ['data.provenance', { risks: ['ML02:2023'], evidence: 'proxy' }],
  ['provenance.training-data', { risks: ['ML02:2023'], evidence: 'direct' }],
  ['behavior.inversion', { risks: ['ML03:2023'], evidence: 'direct' }],
  ['behavior.membership', { risks: ['ML04:2023'], evidence: 'direct' }],
  ['serving.theft', { risks: ['ML05:2023'], evidence: 'proxy' }],
  ['provenance.base-model', { risks: ['ML07:2023'], evidence: 'direct' }],
  ['provenance.drift', { risks: ['ML08:2023'], evidence: 'direct' }],
  ['serving.output', { risks: ['ML09:2023'], evidence: 'proxy' }],
  ['integrity.weights', { risks: ['ML10:2023'], evidence: 'direct' }],
  ['integrity.checksum', SAME_BYTES],
  ['integrity.manifest', SAME_BYTES],
  ['integrity.signature', SAME_BYTES],
  ['conversion.attested', SAME_BYTES],
  ['conversion.verified', SAME_BYTES],
  ['conversion.source', SAME_BYTES],
  ['conversion.rebuild', { risks: ['ML10:2023'], evidence: 'direct' }],
  ['scan.files', SUPPLY_CHAIN],
  ['format.arrow.scan', TABLES],
  ['format.parquet.scan', TABLES],
  ['format.tfrecord.scan', TABLES],
]);

/** Whether a format, or a part of it (`format.gguf.chat-template`), was judged: whatever is not judged may carry code. */
const OF_FORMAT = /^format\.[a-z0-9-]+\.[a-z0-9-]+$/;

/** Of training data: what moved away from the approved data skews the model, too. */
const OF_DATA = /^data\.[a-z0-9-]+$/;
const DRIFT: ReadonlySet<string> = new Set(['data.label-drift', 'data.feature-drift']);
const POISONING: CheckMeaning = { risks: ['ML02:2023'], evidence: 'direct' };
const SKEWING: CheckMeaning = { risks: ['ML02:2023', 'ML08:2023'], evidence: 'direct' };

/** The meaning of a check; `undefined` for an unknown id. */
export function meaningOf(checkId: string): CheckMeaning | undefined {
  const known = MEANINGS.get(checkId);
  if (known !== undefined) return known;
  if (OF_DATA.test(checkId)) return DRIFT.has(checkId) ? SKEWING : POISONING;
  return OF_FORMAT.test(checkId) ? SUPPLY_CHAIN : undefined;
}
