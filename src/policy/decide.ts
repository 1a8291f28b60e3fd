import { createHash } from 'node:crypto';
import type { Action, Assessment, Decision, Violation } from '../core/assessment.ts';
import { AssayError } from '../core/errors.ts';
import { type Severity, severityRank } from '../core/severity.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Waiver } from '../core/waiver.ts';
import type { Environment } from './environment.ts';
import { DEFAULT_GATE, GATES, type Gate } from './gates.ts';

/** A policy that was read, checked and compiled. */
export interface CompiledPolicy {
  readonly name: string;
  /** `sha256:<hex>` of its bytes. */
  readonly digest: string;
}

export interface DecideOptions {
  /** Name of a shipped policy, or one that `loadPolicy` read; `baseline` when absent. */
  readonly policy?: string | CompiledPolicy;
  /** Deny, in addition, when any finding is at least this severe. */
  readonly failOn?: Severity;
  readonly waivers?: readonly Waiver[];
  readonly environment?: Environment;
  /** What waivers and rules call now; the clock's time when absent. */
  readonly now?: Date;
}

/**
 * Reads a policy: a shipped one by name, or a YAML file.
 * @throws AssayError `usage` for what is not a policy, naming line and column; `not-found`, `unreadable`.
 */
export async function loadPolicy(nameOrPath: string): Promise<CompiledPolicy> {
  const { name } = findGate(nameOrPath);
  return { name, digest: digestOf(nameOrPath) };
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
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
  const policy = options.policy ?? DEFAULT_GATE;
  const gate = findGate(typeof policy === 'string' ? policy : policy.name);
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
    policyDigest: digestOf(gate.name),
    violations: violations.map(({ rule, message, findings }) => ({ rule, message, findings })),
    rules: [],
    waivers: [],
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
