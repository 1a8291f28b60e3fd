import {
  type Action,
  type Assessment,
  type Decision,
  type RuleOutcome,
  type Severity,
  severityRank,
  type Violation,
  type Waiver,
  worseAction,
} from '../core/assessment/index.ts';
import type { Approval } from './approval.ts';
import type { CompiledPolicy } from './compile.ts';
import type { Environment } from './environment.ts';
import { type Evaluation, evaluatePolicy } from './evaluation.ts';
import { shippedPolicy } from './load.ts';
import { DEFAULT_POLICY } from './shipped.ts';
import { PolicyView } from './view/index.ts';
import { judgeWaivers, type WaiverJudgement, waiveRules } from './waivers/index.ts';

export interface DecideOptions {
  /** Name of a shipped policy, or one that `loadPolicy` read; `baseline` when absent. */
  readonly policy?: string | CompiledPolicy;
  /** Deny, in addition, when any finding is at least this severe. */
  readonly failOn?: Severity;
  readonly waivers?: readonly Waiver[];
  /** Those that were verified. */
  readonly approvals?: readonly Approval[];
  readonly environment?: Environment;
  /** The time that waivers and rules use as now; the current time when absent. */
  readonly now?: Date;
}

/** A decision, with the evaluation of each rule. */
export interface Explained {
  readonly decision: Decision;
  readonly evaluation: Evaluation;
}

/** The action of a rule's outcome. */
const ACTIONS: Readonly<Record<RuleOutcome['outcome'], Action>> = {
  pass: 'allow',
  audit: 'allow',
  warn: 'warn',
  deny: 'deny',
  error: 'deny',
  unavailable: 'deny',
};

interface Ruling extends Violation {
  readonly action: Action;
}

/**
 * Applies a policy to an assessment. `violations` holds the rules that led to `action`, in the policy's order, and is empty on
 * `allow`; rules with a weaker action are left out. A rule that cannot be evaluated denies; a rule that needs a value that this
 * version cannot produce denies under the name `unavailable`; a policy that is not for this artifact or stage denies under
 * `policy.match`; an expired certificate that was accepted warns as `signature.expired`.
 * @throws AssayError `usage` when there is no such policy.
 */
export function decide(assessment: Assessment, options: DecideOptions = {}): Decision {
  return explain(assessment, options).decision;
}

/** The same with the value of each rule and variable. */
export function explain(assessment: Assessment, options: DecideOptions = {}): Explained {
  return explainer(assessment, options)(options);
}

/** The inputs that are the same for all policies of an assessment. */
type Common = 'waivers' | 'now';

/** Decides one assessment by several policies, or for several stages: common expressions are evaluated once. */
export function decider(
  assessment: Assessment,
  common: Pick<DecideOptions, Common>,
): (options: Omit<DecideOptions, Common>) => Decision {
  const explained = explainer(assessment, common);
  return (options) => explained(options).decision;
}

function explainer(assessment: Assessment, { waivers = [], now = new Date() }: Pick<DecideOptions, Common>) {
  const judgement = judgeWaivers(assessment, waivers, now);
  const seen = withFindings(assessment, judgement);
  const { waived, waivedFiles } = judgement;
  const view = new PolicyView({ assessment: seen, now, waived, waivedFiles });
  return (options: Omit<DecideOptions, Common>): Explained => {
    const { policy: asked = DEFAULT_POLICY, failOn, approvals = [], environment = {} } = options;
    const policy = typeof asked === 'string' ? shippedPolicy(asked) : asked;
    const evaluation = evaluatePolicy(policy, view.for({ approvals, environment }), seen, view.values);
    return { decision: decisionOf(policy, evaluation, seen, judgement, failOn), evaluation };
  };
}

function decisionOf(
  policy: CompiledPolicy,
  evaluation: Evaluation,
  seen: Assessment,
  { judged, waived }: WaiverJudgement,
  failOn: Severity | undefined,
): Decision {
  const outcomes = evaluation.rules.map(({ rule, outcome, message, findings }) => ({
    id: rule.id,
    outcome,
    message,
    findings,
  }));
  const afterWaivers = waiveRules(seen, judged, outcomes);
  const rulings = [
    ...mismatchRulings(policy, evaluation),
    ...afterWaivers.rules.map(rulingOf),
    ...expiryRulings(policy, seen),
    ...severityRulings(seen, failOn, waived),
  ];
  const action = rulings.reduce<Action>((worst, ruling) => worseAction(worst, ruling.action), 'allow');
  const violations = action === 'allow' ? [] : rulings.filter((ruling) => ruling.action === action);
  return {
    action,
    policy: policy.name,
    policyDigest: policy.digest,
    violations: violations.map(({ rule, message, findings }) => ({ rule, message, findings })),
    rules: afterWaivers.rules,
    waivers: afterWaivers.judged,
  };
}

/** A void waiver is itself a finding, which rules see. */
function withFindings(assessment: Assessment, { findings }: WaiverJudgement): Assessment {
  return findings.length === 0 ? assessment : { ...assessment, findings: [...assessment.findings, ...findings] };
}

function mismatchRulings({ name }: CompiledPolicy, { mismatch }: Evaluation): Ruling[] {
  if (mismatch === undefined) return [];
  return [{ action: 'deny', rule: 'policy.match', message: `${name} does not apply: ${mismatch}`, findings: [] }];
}

function rulingOf({ id, outcome, message, findings }: RuleOutcome): Ruling {
  const action = ACTIONS[outcome];
  if (outcome === 'unavailable') return { action, rule: 'unavailable', message: `the rule ${id} ${message}`, findings };
  return { action, rule: id, message, findings };
}

/** A validity policy may accept a certificate that has expired: whoever reads the decision is told, whatever the policy says. */
function expiryRulings({ rules }: CompiledPolicy, { signatures }: Assessment): Ruling[] {
  if (rules.some(({ id }) => id === EXPIRED)) return [];
  return signatures.flatMap(({ status, signer }) => {
    if (status === 'failed' || signer?.kind !== 'certificate' || !signer.expired) return [];
    const message = `the certificate of ${signer.subject} has expired, and its signature was accepted all the same`;
    return [{ action: 'warn' as const, rule: EXPIRED, message, findings: [] }];
  });
}

const EXPIRED = 'signature.expired';

function severityRulings(
  { findings: all }: Assessment,
  failOn: Severity | undefined,
  waived: ReadonlySet<string>,
): Ruling[] {
  if (failOn === undefined) return [];
  const findings = all.filter(({ severity, fingerprint }) => {
    return severityRank(severity) >= severityRank(failOn) && !waived.has(fingerprint);
  });
  if (findings.length === 0) return [];
  const count = findings.length === 1 ? '1 finding is' : `${findings.length} findings are`;
  return [
    {
      action: 'deny',
      rule: `fail-on.${failOn}`,
      message: `${count} at least ${failOn} (--fail-on)`,
      findings: findings.map((finding) => finding.fingerprint),
    },
  ];
}
