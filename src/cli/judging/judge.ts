import type { Assessment, Severity } from '../../core/assessment/index.ts';
import type { Artifact } from '../../core/index.ts';
import { decideBy } from '../../pipeline/evaluate/index.ts';
import type { OnTarget, RulesetChoice } from '../../pipeline/index.ts';
import { type Environment, loadPolicy } from '../../policy/index.ts';
import type { Judged } from '../../report/index.ts';
import type { TrustFlags } from '../options/index.ts';
import { type ExitCode, Progress, type Shell } from '../terminal/index.ts';
import { type Knowledge, loadKnowledge } from './knowledge.ts';
import { refuseUnread, refuseWithoutModel } from './no-model.ts';
import { signatureRequest } from './trust.ts';
import type { WaiverFlags } from './waiver-flags.ts';
import { readWaivers } from './waiver-options.ts';
import { refuseWaiversFrom, waiverFiles } from './waiver-place.ts';

/** By what to judge, as it was said on the command line. */
export interface JudgingFlags {
  readonly policy: string;
  readonly failOn: Severity | undefined;
  readonly allow: string | undefined;
  readonly ruleset: RulesetChoice;
  readonly quiet: boolean;
  readonly offline: boolean;
  /** Whose signature is believed. */
  readonly trust: TrustFlags;
  readonly waiverFlags: WaiverFlags;
  /** What it is judged for. */
  readonly environment: Environment;
}

/** Everything that the options name was read. */
export interface Judging {
  readonly knowledge: Knowledge;
  readonly now: Date;
  /**
   * Opens what a reference names, assesses it, applies the policy, and closes it.
   * @throws AssayError what opening throws; `not-found`, `unreadable` for what cannot be judged; `aborted`
   */
  judge(target: string, onTarget?: OnTarget): Promise<Judged>;
  /** The same of an artifact that is open, and stays so; `signature`s of one that is far are asked for later, when it is near. */
  judgeArtifact(artifact: Artifact): Promise<Judged>;
  /** @throws AssayError when what waives a model comes from the model itself */
  refuseOwnWaivers(target: string): Promise<void>;
}

/** @throws AssayError about the files that the options name. */
export async function prepareJudging(flags: JudgingFlags, shell: Shell): Promise<Judging> {
  const policy = await loadPolicy(flags.policy);
  const knowledge = await loadKnowledge(flags.allow, flags.ruleset, shell.env);
  const now = new Date();
  const given = await readWaivers({ ...flags.waiverFlags, ...flags.trust }, shell.env, now);
  const signature = await signatureRequest(flags.trust, shell.env, flags.waiverFlags.attestation.length > 0);
  const sources = await waiverFiles(flags, given, shell.env);
  const { environment } = flags;
  const refuseOwnWaivers = (target: string) => refuseWaiversFrom(target, sources, shell.env);
  const decided = (scanned: Assessment): Promise<Judged> =>
    decideBy(scanned, { policy, failOn: flags.failOn, given, environment, now });
  return {
    knowledge,
    now,
    refuseOwnWaivers,
    async judge(target, onTarget) {
      await refuseOwnWaivers(target);
      const progress = new Progress(shell, !flags.quiet);
      try {
        const scanned = await knowledge.judge(target, {
          signal: shell.signal,
          onEvent: progress.onEvent,
          offline: flags.offline,
          // A signature may cover what is otherwise passed over.
          everything: signature.trusts.length > 0,
          signature,
          ...(onTarget === undefined ? {} : { onTarget }),
        });
        refuseUnread(scanned);
        refuseWithoutModel(scanned);
        return await decided(scanned);
      } finally {
        progress.end();
      }
    },
    async judgeArtifact(artifact) {
      const progress = new Progress(shell, !flags.quiet);
      const later = artifact.files.some(({ distance }) => distance === 'far');
      try {
        const { onEvent } = progress;
        return await decided(
          await knowledge.assess(artifact, { signal: shell.signal, onEvent, signature: { ...signature, later } }),
        );
      } finally {
        progress.end();
      }
    },
  };
}

/** What a decision is to a script. An artifact that was not read to its end is not allowed. */
export function exitCodeOf({ assessment, decision }: Judged): ExitCode {
  if (decision.action === 'deny') return 1;
  return assessment.status === 'complete' && assessment.files.length > 0 ? 0 : 2;
}
