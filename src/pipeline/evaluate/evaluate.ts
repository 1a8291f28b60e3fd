import type { Assessment, Decision, Severity } from '../../core/assessment/index.ts';
import type { Artifact } from '../../core/index.ts';
import { type CompiledPolicy, decide, type Environment } from '../../policy/index.ts';
import type { RuleLists } from '../../scan/lists/index.ts';
import { type AssessOptions, assess } from '../assess.ts';
import type { AllowanceFile } from './allowance-file.ts';
import { type GivenEvidence, withGivenEvidence } from './given-evidence.ts';

/** The rules by which files are scanned. */
export interface Rules {
  readonly lists: RuleLists;
  readonly allowances: AllowanceFile;
  /** Notes about the lists. */
  readonly notes: readonly string[];
}

/** The rules by which an assessment is decided. */
export interface Terms {
  readonly policy: CompiledPolicy;
  readonly failOn: Severity | undefined;
  readonly given: GivenEvidence;
  readonly environment: Environment;
  readonly now: Date;
}

/** Options of an assessment, in addition to the rules. */
export type AssessmentOptions = Pick<AssessOptions, 'signature' | 'onTarget' | 'signal' | 'onEvent' | 'rebuild'>;

export interface Evaluated {
  readonly assessment: Assessment;
  readonly decision: Decision;
}

/** Assesses an open artifact by the organisation's rules, and leaves it open. @throws AssayError `aborted`, `internal` */
export async function assessBy(artifact: Artifact, rules: Rules, options: AssessmentOptions): Promise<Assessment> {
  const { lists, allowances, notes } = rules;
  const assessment = await assess(artifact, {
    ...options,
    lists,
    allowances: allowances.allowances,
    approvedCode: allowances.approvedCode,
  });
  return { ...assessment, notes: [...assessment.notes, ...allowances.notes, ...notes] };
}

/** Applies waivers and the policy to an assessment; every face decides with this function. */
export async function decideBy(scanned: Assessment, terms: Terms): Promise<Evaluated> {
  const { policy, failOn, given, environment, now } = terms;
  const assessment = await withGiven(await withGivenEvidence(scanned, given, now), terms);
  const { waivers, approvals } = given;
  const decision = decide(assessment, {
    policy,
    ...(failOn === undefined ? {} : { failOn }),
    waivers,
    approvals,
    environment,
    now,
  });
  return { assessment, decision };
}

/** What judges tests and training runs is loaded when there are any. */
async function withGiven(
  assessment: Assessment,
  { given: { tests, training }, environment }: Terms,
): Promise<Assessment> {
  const { suite = null } = environment;
  let judged = assessment;
  if (tests.length > 0 || suite !== null)
    judged = (await import('../../policy/tests/index.ts')).withTests(judged, tests, suite);
  if (training.length > 0) judged = (await import('./with-training.ts')).withTraining(judged, training);
  return judged;
}
