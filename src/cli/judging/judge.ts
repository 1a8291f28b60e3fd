import type { Artifact } from '../../core/index.ts';
import type { Evaluated } from '../../pipeline/evaluate/index.ts';
import {
  type EvaluationOptions,
  type JudgingChoice,
  type Knowledge,
  prepareJudging,
} from '../../pipeline/judging/index.ts';
import type { Judged } from '../../report/index.ts';
import { type ExitCode, Progress, type Shell } from '../terminal/index.ts';

/** The judging options of the command line. */
export interface JudgingFlags extends JudgingChoice {
  readonly quiet: boolean;
}

/** What a verb looks at in addition. */
type ShownOptions = Pick<EvaluationOptions, 'onTarget' | 'rebuild'>;

/** Judges as the options say, and shows progress. */
export interface ShownJudging {
  readonly knowledge: Knowledge;
  readonly now: Date;
  judge(target: string, options?: ShownOptions): Promise<Evaluated>;
  judgeArtifact(artifact: Artifact): Promise<Evaluated>;
  refuseOwnWaivers(target: string): Promise<void>;
}

/** @throws AssayError about the files that the options name. */
export async function prepareShownJudging(flags: JudgingFlags, shell: Shell): Promise<ShownJudging> {
  const { knowledge, now, judge, judgeArtifact, refuseOwnWaivers } = await prepareJudging(flags, shell.env);
  const { signal } = shell;
  const shown = async <T>(work: (onEvent: Progress['onEvent']) => Promise<T>): Promise<T> => {
    const progress = new Progress(shell, !flags.quiet);
    try {
      return await work(progress.onEvent);
    } finally {
      progress.end();
    }
  };
  return {
    knowledge,
    now,
    refuseOwnWaivers,
    judge: (target, options = {}) => shown((onEvent) => judge(target, { signal, onEvent, ...options })),
    judgeArtifact: (artifact) => shown((onEvent) => judgeArtifact(artifact, { signal, onEvent })),
  };
}

/** The exit code of a decision. An artifact that was not read to its end is not allowed. */
export function exitCodeOf({ assessment, decision }: Judged): ExitCode {
  if (decision.action === 'deny') return 1;
  return assessment.status === 'complete' && assessment.files.length > 0 ? 0 : 2;
}
