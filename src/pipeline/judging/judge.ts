import type { Assessment } from '../../core/assessment/index.ts';
import type { Artifact } from '../../core/index.ts';
import { loadPolicy } from '../../policy/index.ts';
import type { AssessOptions } from '../assess.ts';
import { decideBy, type Evaluated } from '../evaluate/index.ts';
import type { JudgingChoice } from './choice.ts';
import { type Knowledge, loadKnowledge } from './knowledge.ts';
import { refuseUnread, refuseWithoutModel } from './no-model.ts';
import { signatureRequest } from './trust.ts';
import { readWaivers } from './waiver-files.ts';
import { refuseWaiversFrom, waiverFiles } from './waiver-place.ts';

export type EvaluationOptions = Pick<AssessOptions, 'signal' | 'onEvent' | 'onTarget' | 'rebuild'>;

/** The rules of a choice, all read. */
export interface Judging {
  readonly knowledge: Knowledge;
  readonly now: Date;
  /**
   * Opens what a reference names, assesses it, applies the policy, and closes it.
   * @throws AssayError what opening throws; `not-found`, `unreadable` for what cannot be judged; `aborted`
   */
  judge(target: string, options?: EvaluationOptions): Promise<Evaluated>;
  /** The same for an open artifact, which stays open; the signature of a far artifact is verified later, when it is near. */
  judgeArtifact(artifact: Artifact, options?: EvaluationOptions): Promise<Evaluated>;
  /** @throws AssayError when what waives a model comes from the model itself */
  refuseOwnWaivers(target: string): Promise<void>;
}

/**
 * Reads the policy, rules, allowances, waivers and trusted signers once, for any number of artifacts.
 * @throws AssayError about the files that the choice and the environment name.
 */
export async function prepareJudging(choice: JudgingChoice, env: NodeJS.ProcessEnv): Promise<Judging> {
  const policy = await loadPolicy(choice.policy);
  const knowledge = await loadKnowledge(choice.allow, choice.ruleset, env, choice.advisories ?? env.ASSAY_ADVISORIES);
  const now = new Date();
  const given = await readWaivers({ ...choice.waivers, ...choice.trust }, env, now);
  const signature = await signatureRequest(choice.trust, env, choice.waivers.attestation.length > 0);
  const sources = await waiverFiles(choice, given, env);
  const { environment, failOn, offline } = choice;
  const refuseOwnWaivers = (target: string) => refuseWaiversFrom(target, sources, env);
  const decided = (scanned: Assessment): Promise<Evaluated> =>
    decideBy(scanned, { policy, failOn, given, environment, now });
  return {
    knowledge,
    now,
    refuseOwnWaivers,
    async judge(target, options = {}) {
      await refuseOwnWaivers(target);
      const scanned = await knowledge.judge(target, {
        ...options,
        env,
        offline,
        // A signature may cover files that are otherwise skipped.
        everything: signature.trusts.length > 0,
        signature,
      });
      refuseUnread(scanned);
      refuseWithoutModel(scanned);
      return decided(scanned);
    },
    async judgeArtifact(artifact, options = {}) {
      const later = artifact.files.some(({ distance }) => distance === 'far');
      return decided(await knowledge.assess(artifact, { ...options, signature: { ...signature, later } }));
    },
  };
}
