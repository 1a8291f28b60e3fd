import type { RegistryClient } from '../../client/index.ts';
import { AssayError } from '../../core/index.ts';
import type { Stage, StoredDecision, Transition, Version } from '../../registry/index.ts';
import { nextStep, uncorrectable } from '../../registry/rules/index.ts';
import { Refusal } from './open.ts';

/** A service asks for a word with each request. */
export const REQUEST_COMMENT = 'requested on the command line';

/** `model@number`, as the audit log names a version. */
export function versionLabel({ model, number }: Pick<Version, 'model' | 'number'>): string {
  return `${model}@${number}`;
}

/** What a version is asked for now. */
export async function openRequest(registry: RegistryClient, version: Version): Promise<Transition | undefined> {
  return (await registry.transitions({ version: version.id, state: 'open' })).items[0];
}

export function decisionFor(decisions: readonly StoredDecision[], stage: Stage): StoredDecision {
  const decision = decisions.find((one) => one.stage === stage);
  if (decision === undefined) throw new AssayError('internal', `there is no decision for ${stage}`);
  return decision;
}

/** @throws Refusal that names the rules, unless all that is missing are approvals */
export async function refuseDenied(registry: RegistryClient, version: Version, seen: StoredDecision): Promise<void> {
  const { decision, stage } = seen;
  if (decision.action !== 'deny') return;
  const policy = await registry.policy(stage);
  if (policy === undefined || policy.digest !== decision.policyDigest) return;
  const first = uncorrectable(decision, policy);
  if (first === undefined) return;
  const why = decision.violations.map(({ rule, message }) => `${rule}: ${message}`).join('; ');
  throw new Refusal(`the policy ${decision.policy} denies it for ${stage}: ${why}`, {
    subject: versionLabel(version),
    hint: (registry.kind === 'local' ? AT_A_FILE.get(first.rule) : undefined) ?? nextStep(first.rule),
  });
}

/** The registry believes what the scan verified. */
const AT_A_FILE: ReadonlyMap<string, string> = new Map([
  [
    'signature.verified',
    'sign it (assay sign ./model --private-key K --signature model.sig), scan it with the key (assay scan ./model --public-key K.pub --signature model.sig --format json -o report.json), and give that: --report report.json; or have the rule waived',
  ],
  [
    'data.provenance',
    'have its training signed (assay data --provenance DATA --model ./model --manifest training.yaml --attest run.intoto.json --private-key K), scan it with that (--attestation run.intoto.json --trust trust.yaml --format json -o report.json), and give that: --report report.json; or have the rule waived',
  ],
]);
