import type { Action, Assessment, Decision, Violation } from '../core/assessment.ts';
import { AssayError } from '../core/errors.ts';
import { type Severity, severityRank } from '../core/severity.ts';
import type { Verdict } from '../core/verdict.ts';
import { DEFAULT_GATE, GATES, type Gate } from './gates.ts';

export interface DecideOptions {
  /** Name of a built-in policy; `baseline` when absent. */
  readonly policy?: string;
  /** Deny, in addition, when any finding is at least this severe. */
  readonly failOn?: Severity;
}

interface Ruling extends Violation {
  readonly action: Action;
}

const ACTIONS: readonly Action[] = ['allow', 'warn', 'deny'];

/**
 * The built-in policy of that name.
 * @throws AssayError `usage` for any other name, and for a file.
 */
export function findGate(name: string): Gate {
  const gate = GATES.find((candidate) => candidate.name === name);
  if (gate !== undefined) return gate;
  const names = GATES.map((candidate) => candidate.name).join(', ');
  const isFile = /[/\\]|\.(ya?ml|json)$/i.test(name);
  const message = isFile ? 'policy files are not known to this version' : 'no such policy';
  throw new AssayError('usage', message, { subject: `--policy ${name}`, mend: `use one of ${names}` });
}

/**
 * Applies a policy to an assessment. `violations` holds the rules that led to `action`, worst first, and is empty on
 * `allow`; rules that ask for less than the action are left out.
 * @throws AssayError `usage` when there is no such policy.
 */
export function decide(assessment: Assessment, options: DecideOptions = {}): Decision {
  const gate = findGate(options.policy ?? DEFAULT_GATE);
  const rulings = [
    ...verdictRulings(assessment, gate),
    ...completenessRulings(assessment, gate),
    ...integrityRulings(assessment, gate),
    ...severityRulings(assessment, options.failOn),
  ];
  const action = rulings.reduce<Action>((worst, { action }) => worse(worst, action), 'allow');
  const violations = action === 'allow' ? [] : rulings.filter((ruling) => ruling.action === action);
  return {
    action,
    policy: gate.name,
    violations: violations.map(({ rule, message, findings }) => ({ rule, message, findings })),
  };
}

function worse(a: Action, b: Action): Action {
  return ACTIONS.indexOf(a) >= ACTIONS.indexOf(b) ? a : b;
}

const WORST_FIRST: readonly Verdict[] = ['malicious', 'unknown', 'suspicious', 'not-assessed'];

const MEANING: Readonly<Record<Verdict, string>> = {
  malicious: 'would run code or do harm when loaded',
  unknown: 'could not be fully read, so nothing vouches for it',
  suspicious: 'does what no listed model file does',
  'not-assessed': 'is of a format that no scanner judges yet',
  clean: 'is clean',
};

function verdictRulings(assessment: Assessment, gate: Gate): Ruling[] {
  const rulings: Ruling[] = [];
  for (const verdict of WORST_FIRST) {
    const files = assessment.files.filter((file) => file.verdict === verdict);
    if (files.length === 0) continue;
    const paths = new Set(files.map((file) => file.path));
    const findings = assessment.findings.filter((finding) => paths.has(finding.file));
    rulings.push({
      action: gate.verdicts[verdict],
      rule: `verdict.${verdict}`,
      message: files.length === 1 ? `1 file ${MEANING[verdict]}` : `${files.length} files: each ${MEANING[verdict]}`,
      findings: findings.map((finding) => finding.fingerprint),
    });
  }
  return rulings;
}

function completenessRulings(assessment: Assessment, gate: Gate): Ruling[] {
  if (assessment.files.length === 0) {
    return [{ action: gate.incomplete, rule: 'artifact.empty', message: 'there was nothing to judge', findings: [] }];
  }
  if (assessment.status === 'complete') return [];
  const message = 'part of the artifact was not looked at';
  return [{ action: gate.incomplete, rule: 'artifact.incomplete', message, findings: [] }];
}

/** Bytes that are not those announced or signed, and signatures that do not hold. */
function integrityRulings(assessment: Assessment, gate: Gate): Ruling[] {
  return assessment.checks
    .filter((check) => check.id.startsWith('integrity.') && (check.status === 'fail' || check.status === 'error'))
    .map((check) => ({ action: gate.mismatch, rule: check.id, message: check.detail, findings: [] }));
}

function severityRulings(assessment: Assessment, failOn: Severity | undefined): Ruling[] {
  if (failOn === undefined) return [];
  const findings = assessment.findings.filter(({ severity }) => severityRank(severity) >= severityRank(failOn));
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
