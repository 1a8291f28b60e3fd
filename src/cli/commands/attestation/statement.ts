import { createHash } from 'node:crypto';
import { readDocument } from '../../../core/bytes/index.ts';
import { AssayError, closest, isAssayError, version } from '../../../core/index.ts';
import { formatReference, parseReference } from '../../../core/reference/index.ts';
import { isSignatureError, readBundle } from '../../../integrity/envelope/index.ts';
import {
  BASELINE_DAYS,
  BREAK_GLASS_HOURS,
  BREAK_GLASS_OUTCOMES,
  createStatement,
  isAbout,
  isRuleName,
  isStage,
  type PolicyReference,
  parseDigest,
  parseTime,
  readStatement,
  readTemplates,
  type Statement,
  type StatementInputs,
  type Subject,
  subjectsOf,
  UNWAIVABLE,
} from '../../../integrity/statements/index.ts';
import { RULES } from '../../../scan/rules/index.ts';
import { decidedAgain } from './decided-again.ts';
import { attestedArtifact, readReportDocument, type ScanReport } from './report.ts';
import type { About, AttestationInput } from './request.ts';

type Input<T extends AttestationInput['type']> = Extract<AttestationInput, { type: T }>;

/** Rules of policies, which no catalogue lists. */
const POLICY_RULE = /^(?:verdict|artifact|integrity|fail-on)\.[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;

/**
 * Makes the requested statement, and refuses claims that its evidence does not support. @param onWarning called with a sentence
 * about a possible mistake
 * @throws AssayError `usage`, `mismatch`, and what reading files throws
 */
export async function statementFor(
  input: AttestationInput,
  now: Date,
  onWarning: (text: string) => void,
): Promise<Statement> {
  switch (input.type) {
    case 'scan':
      return scanStatement(input);
    case 'decision':
      return decisionStatement(input, now);
    case 'approval':
      return approvalStatement(input, now);
    case 'baseline':
      return baselineStatement(input, now);
    case 'break-glass':
      return breakGlassStatement(input, now);
    case 'waiver':
      return waiverStatement(input, now, onWarning);
  }
}

async function scanStatement({ report: path, url }: Input<'scan'>): Promise<Statement> {
  const report = await readReportDocument(path);
  if (url !== undefined && (!URL.canParse(url) || /\s/.test(url))) {
    throw usage(`--url ${url}`, 'is not an address', 'write https://...');
  }
  return createStatement('scan', {
    subjects: attestedArtifact(report, path).subjects,
    ...testsOf(report),
    policy: policyOf(report),
    ruleset: report.ruleset,
    ...(url === undefined ? {} : { url }),
  });
}

type Tests = Pick<StatementInputs['scan'], 'result' | 'passed' | 'warned' | 'failed'>;

/**
 * The results of the checks and of the rules of the policy; without those that were not assessed. Nothing of a scan that was
 * not complete,
 * or that the policy denies, is PASSED.
 */
function testsOf({ decision, status, checks }: ScanReport): Tests {
  const answers = [
    ...checks.map(({ id, status }) => ({ id, answer: CHECK_ANSWERS[status] })),
    ...decision.rules.map(({ id, outcome }) => ({ id, answer: RULE_ANSWERS[outcome] })),
    ...decision.violations.map(({ rule }) => ({ id: rule, answer: RULE_ANSWERS[decision.action] })),
    ...(status === 'incomplete' ? [{ id: 'artifact.incomplete', answer: 'failed' as const }] : []),
  ];
  const named = (wanted: Answer) => answers.filter(({ answer }) => answer === wanted).map(({ id }) => id);
  const failed = [...new Set(named('failed'))];
  const warned = [...new Set(named('warned'))].filter((id) => !failed.includes(id));
  const passed = [...new Set(named('passed'))].filter((id) => !failed.includes(id) && !warned.includes(id));
  const doubts = failed.length + warned.length > 0;
  const result = isDenied(decision.action, status) ? 'FAILED' : doubts ? 'WARNED' : 'PASSED';
  return { result, passed, warned, failed };
}

type Answer = 'passed' | 'warned' | 'failed';

const CHECK_ANSWERS: Readonly<Record<ScanReport['checks'][number]['status'], Answer | undefined>> = {
  pass: 'passed',
  fail: 'failed',
  error: 'failed',
  'not-assessed': undefined,
};

const RULE_ANSWERS: Readonly<Record<string, Answer>> = {
  pass: 'passed',
  allow: 'passed',
  warn: 'warned',
  deny: 'failed',
  error: 'failed',
  unavailable: 'failed',
};

function policyOf({ decision }: ScanReport): PolicyReference {
  return { name: decision.policy, digest: decision.policyDigest };
}

function isDenied(action: ScanReport['decision']['action'], status: ScanReport['status']): boolean {
  return action === 'deny' || status === 'incomplete';
}

async function decisionStatement(input: Input<'decision'>, now: Date): Promise<Statement> {
  const { report: path, evidence } = input;
  const report = await readReportDocument(path);
  const { subjects, resourceUri } = attestedArtifact(report, path);
  const inputs: { name: string; digest: string }[] = [];
  for (const file of evidence) inputs.push(await readEvidence(file, subjects));
  return createStatement('decision', {
    subjects,
    resourceUri,
    action: await decidedAgain(report, input, now),
    at: now,
    version: version(),
    policy: policyOf(report),
    inputs,
  });
}

/** An attestation that a decision depends on: it must be about the same artifact. */
async function readEvidence(path: string, subjects: readonly Subject[]): Promise<{ name: string; digest: string }> {
  return readDocument(path, '--evidence', (bytes, subject) => {
    let own: readonly Subject[];
    try {
      own = readStatement(readBundle(bytes, subject).envelope.payload).subject;
    } catch (cause) {
      if (!isSignatureError(cause)) throw cause;
      throw new AssayError('usage', `is not evidence: ${cause.message}`, { subject, hint: 'leave it out', cause });
    }
    if (!isSameArtifact(own, subjects)) {
      throw usage(subject, 'is about another artifact than the report', 'give evidence about the artifact');
    }
    const hex = createHash('sha256').update(bytes).digest('hex');
    return { name: path.slice(path.lastIndexOf('/') + 1), digest: `sha256:${hex}` };
  });
}

function isSameArtifact(evidence: readonly Subject[], artifact: readonly Subject[]): boolean {
  return artifact.some(
    ({ digest: { sha256 } }) => sha256 !== undefined && isAbout(evidence, { algorithm: 'sha256', hex: sha256 }),
  );
}

async function approvalStatement({ about, stage, until }: Input<'approval'>, now: Date): Promise<Statement> {
  if (!isStage(stage)) {
    throw usage(
      `--stage ${stage}`,
      'is not a stage',
      'use lowercase letters, digits and dashes, and not the word "until"',
    );
  }
  const { subjects, report, path } = await subjectsAbout(about);
  const end = until === undefined ? {} : { until: futureTime('--until', until, now) };
  if (report === undefined) return createStatement('approval', { subjects, stage, at: now, ...end });
  const malicious = report.files.find(({ verdict }) => verdict === 'malicious');
  if (malicious !== undefined) {
    throw usage(path, `says that ${malicious.path} is malicious, which nobody can approve`, 'leave the model out');
  }
  if (isDenied(report.decision.action, report.status)) {
    const why = report.status === 'incomplete' ? 'part of the artifact was not scanned' : 'the policy denies it';
    throw usage(path, `cannot be approved: ${why}`, 'waive the rules that you accept, and decide again');
  }
  const policy = policyOf(report);
  return createStatement('approval', { subjects, stage, at: now, ...end, policy, ruleset: report.ruleset });
}

async function waiverStatement(
  input: Input<'waiver'>,
  now: Date,
  onWarning: (text: string) => void,
): Promise<Statement> {
  const { rule, file, reason, owner } = input;
  checkRule(rule);
  const expires = futureTime('--expires', input.expires, now);
  const { subjects, report, path } = await subjectsAbout(input.about);
  if (report !== undefined) checkAgainst(report, path, input);
  warnOfUnknownRule(rule, onWarning);
  const only = file === undefined ? {} : { file };
  return createStatement('waiver', { subjects, rule, ...only, reason, owner, at: now, expires });
}

function breakGlassStatement(input: Input<'break-glass'>, now: Date): Statement {
  const { namespaces, reference, reason, owner } = input;
  const outcomes = input.outcomes.map((outcome) => {
    const known = BREAK_GLASS_OUTCOMES.find((one) => one === outcome);
    if (known !== undefined) return known;
    const all = BREAK_GLASS_OUTCOMES.join(', ');
    throw usage(`--outcome ${outcome}`, 'is not an outcome that break-glass can let pass', `give one of ${all}`);
  });
  const expires = futureTime('--expires', input.expires, now);
  if (expires.getTime() - now.getTime() > BREAK_GLASS_HOURS * 3_600_000) {
    const hint = 'have the model approved in the meantime';
    throw usage(`--expires ${input.expires}`, `is more than ${BREAK_GLASS_HOURS} hours away`, hint);
  }
  const only = reference === undefined ? null : canonicalReference(reference);
  return createStatement('break-glass', { namespaces, reference: only, outcomes, reason, owner, at: now, expires });
}

/** From what an audit wrote. */
async function baselineStatement({ templates: path, reason, owner, expires: text }: Input<'baseline'>, now: Date) {
  const templates = await readDocument(path, '--templates', (bytes, subject) => readTemplates(bytes, subject));
  const expires = futureTime('--expires', text, now);
  if (expires.getTime() - now.getTime() > BASELINE_DAYS * 24 * 3_600_000) {
    const hint = 'approve and except what runs in the meantime';
    throw usage(`--expires ${text}`, `is more than ${BASELINE_DAYS} days away`, hint);
  }
  return createStatement('baseline', { templates, reason, owner, at: now, expires });
}

/** As the webhook names it. What no source here knows, it names as it is written. */
function canonicalReference(text: string): string {
  try {
    const reference = parseReference(text);
    return reference.kind === 'path' ? text : formatReference(reference);
  } catch (error) {
    if (isAssayError(error)) return text;
    throw error;
  }
}

function checkRule(rule: string): void {
  const subject = `--rule ${rule}`;
  if (!isRuleName(rule)) throw usage(subject, 'is not a rule', 'assay explain lists all rules');
  if (rule !== UNWAIVABLE) return;
  throw usage(subject, 'a malicious verdict cannot be waived', 'waive a rule with a milder verdict');
}

/** A policy of the organisation may have rules of any name. */
function warnOfUnknownRule(rule: string, onWarning: (text: string) => void): void {
  if (RULES.has(rule) || POLICY_RULE.test(rule)) return;
  const [like] = closest(rule, [...RULES.keys()]);
  const suggestion = like === undefined ? 'your own policy may define it' : `did you mean ${like}?`;
  onWarning(`--rule ${rule}: no rule of this version has that name; ${suggestion}`);
}

function checkAgainst({ files, findings }: ScanReport, path: string, { rule, file: only }: Input<'waiver'>): void {
  if (only !== undefined && !files.some((file) => file.path === only)) {
    throw usage(`--file ${only}`, 'is not a file of the artifact', 'give its path as in the report');
  }
  const malicious = new Set(files.filter(({ verdict }) => verdict === 'malicious').map((file) => file.path));
  const inScope = findings.filter(({ ruleId, file }) => ruleId === rule && (only === undefined || only === file));
  const fatal = inScope.find(({ file }) => malicious.has(file));
  if (fatal === undefined) return;
  const message = `says that ${fatal.file}, where ${rule} fired, is malicious, which nobody can waive`;
  throw usage(path, message, 'leave the file out');
}

interface AboutSubjects {
  readonly subjects: readonly Subject[];
  readonly report?: ScanReport;
  /** The option, for messages. */
  readonly path: string;
}

async function subjectsAbout(about: About): Promise<AboutSubjects> {
  if ('report' in about) {
    const report = await readReportDocument(about.report);
    return { subjects: attestedArtifact(report, about.report).subjects, report, path: `--report ${about.report}` };
  }
  const option = `--digest ${about.digest}`;
  const { algorithm } = parseDigest(about.digest, option);
  if (algorithm !== 'sha256')
    throw usage(option, 'is not a digest of an artifact', 'give the sha256: digest of its report');
  return { subjects: subjectsOf({ tree: about.digest }), path: option };
}

function futureTime(option: string, text: string, now: Date): Date {
  const time = parseTime(text);
  if (time === undefined) throw usage(`${option} ${text}`, 'is not a time', 'write it in UTC: 2027-01-31T00:00:00Z');
  if (time <= now.getTime()) throw usage(`${option} ${text}`, 'is past', 'give a time in the future');
  return new Date(time);
}

function usage(subject: string, message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject, hint });
}
