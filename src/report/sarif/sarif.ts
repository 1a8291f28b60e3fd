import { type Finding, fingerprint, type Severity, severityRank } from '../../core/assessment/index.ts';
import type { Judged, ReportContext, RuleInfo } from '../context.ts';
import { cut, jsonText, keptText } from '../escape.ts';
import { findingText } from '../finding-text.ts';
import { suppressionsOf, type Waivable } from '../suppressions.ts';
import { sarifRule } from './rules.ts';

/** Where a result is shown: GitHub wants a path of the repository, and a line only where lines exist. */
export interface Anchor {
  /** Percent-encoded; relative to the repository's root, or absolute. */
  readonly uri: string;
  readonly line?: number;
}

export interface SarifOptions<T extends Judged> {
  /** Where a file of the artifact is, for a reader of the log. Remote models point at the line that references them. */
  readonly locate: (judged: T, file: string) => Anchor;
  /** Tells one job's results from another's where both judge the same commit. */
  readonly category?: string;
}

interface Result<T extends Judged> {
  readonly rule: RuleInfo;
  readonly severity: Severity;
  readonly message: string;
  readonly judged: T;
  readonly file: string;
  readonly finding?: Finding;
  readonly fingerprint: string;
  /** What a waiver must cover for the result not to count. */
  readonly waivable: Waivable;
}

/** GitHub keeps 5,000 results of an upload, and refuses more than 25,000. */
const MAX_RESULTS = 5_000;
const MAX_MESSAGE = 1_000;

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};

/** A SARIF 2.1.0 log of one run, whatever the number of artifacts: GitHub takes one run for each tool and category. */
export function renderSarif<T extends Judged>(
  all: readonly T[],
  context: ReportContext,
  options: SarifOptions<T>,
): string {
  const results = all.flatMap((judged) => [...findingResults(judged, context), ...fileResults(judged)]);
  results.sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
  const kept = results.slice(0, MAX_RESULTS);
  const rules = [...new Map(kept.map(({ rule }) => [rule.id, rule])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const indexes = new Map(rules.map((rule, index) => [rule.id, index]));
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Assay', semanticVersion: context.version, rules: rules.map(sarifRule) } },
        automationDetails: { id: automationId(options.category) },
        invocations: [
          {
            executionSuccessful: all.every(({ assessment }) => assessment.status === 'complete'),
            toolExecutionNotifications: [...all.flatMap(notifications), ...leftOut(results.length - kept.length)],
          },
        ],
        results: kept.map((result) => sarifResult(result, indexes.get(result.rule.id) ?? -1, options)),
        properties: { artifacts: all.map(artifactProperties) },
      },
    ],
  };
  return `${jsonText(log, 2)}\n`;
}

function findingResults<T extends Judged>(judged: T, context: ReportContext): Result<T>[] {
  return judged.assessment.findings.map((finding) => ({
    rule: context.rules.get(finding.ruleId) ?? bareRule(finding),
    severity: finding.severity,
    message: findingText(finding),
    judged,
    file: finding.file,
    finding,
    fingerprint: finding.fingerprint,
    waivable: { fingerprint: finding.fingerprint },
  }));
}

function bareRule({ ruleId, severity, owasp, atlas, cwe }: Finding): RuleInfo {
  return { id: ruleId, title: ruleId, severity, explanation: ruleId, remedy: '', owasp, atlas, cwe };
}

const REFERENCES = { owasp: ['ML06:2023'], atlas: ['AML.T0010'], cwe: [] } as const;

const UNKNOWN_FILE: RuleInfo = {
  id: 'verdict.unknown',
  title: 'File could not be fully read',
  severity: 'medium',
  explanation:
    'Parsing stopped before the end of the file, a limit was reached, or bytes were left unread. The unread bytes may contain anything, so the file is not clean.',
  remedy: 'Download the file again, or use a copy in another format.',
  ...REFERENCES,
};

const UNJUDGED_FILE: RuleInfo = {
  id: 'verdict.not-assessed',
  title: 'Format without a scanner',
  severity: 'low',
  explanation: 'The format is known, but this version has no scanner for it, so its safety is unknown.',
  remedy: 'Review the file by hand, or use a copy in a format that is judged.',
  ...REFERENCES,
};

/** Files whose verdict no finding explains: without a result, a reader would take the file for safe. */
function fileResults<T extends Judged>(judged: T): Result<T>[] {
  const results: Result<T>[] = [];
  for (const file of judged.assessment.files) {
    const { verdict } = file;
    if (verdict !== 'unknown' && verdict !== 'not-assessed') continue;
    const rule = verdict === 'unknown' ? UNKNOWN_FILE : UNJUDGED_FILE;
    results.push({
      rule,
      severity: rule.severity,
      message: `${file.path}: ${verdict === 'not-assessed' && file.reasons.length > 0 ? file.reasons.join(': ') : [rule.title, ...file.reasons].join(': ')}`,
      judged,
      file: file.path,
      fingerprint: fingerprint(rule.id, file.path, undefined, ''),
      waivable: { verdict, file: file.path },
    });
  }
  return results;
}

function sarifResult<T extends Judged>(result: Result<T>, ruleIndex: number, options: SarifOptions<T>) {
  const { finding, judged, file } = result;
  const anchor = options.locate(judged, file);
  // Lines are of text: GitHub hashes a file by its lines, which takes minutes of a large one, and a member has lines of its own.
  const line = anchor.line ?? (finding?.member === undefined ? finding?.line : undefined);
  const where = finding?.member === undefined ? file : `${file}!${finding.member}`;
  return {
    ruleId: result.rule.id,
    ruleIndex,
    level: LEVELS[result.severity],
    message: { text: messageText(result.message) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: anchor.uri },
          ...(line === undefined ? {} : { region: { startLine: line } }),
        },
        logicalLocations: [
          { fullyQualifiedName: keptText(where), kind: finding?.member === undefined ? 'resource' : 'member' },
        ],
      },
    ],
    ...suppressionsOf(judged, result.waivable),
    partialFingerprints: {
      'assay/v1': result.fingerprint,
      // What GitHub tracks an alert by; for text it hashes the line itself.
      ...(line === undefined ? { primaryLocationLineHash: `${result.fingerprint}:1` } : {}),
    },
    properties: {
      severity: result.severity,
      ...(finding?.offset === undefined ? {} : { offset: finding.offset }),
      ...(finding?.evidence === undefined ? {} : { evidence: keptText(finding.evidence) }),
    },
  };
}

/** GitHub takes what stands before the last `/` for the category of the results: each replaces its own alone. */
function automationId(category = ''): string {
  const name = keptText(category).replace(/[^\w.-]+/g, '-');
  return name === '' ? 'assay/' : `assay/${name}/`;
}

function notifications(judged: Judged) {
  const { assessment } = judged;
  const failed = assessment.checks.filter(({ status }) => status === 'fail' || status === 'error');
  const notes = assessment.notes.map((note) => ({ level: 'note', message: { text: messageText(note) } }));
  return [
    ...failed.map((check) => ({
      level: check.status === 'fail' ? 'error' : 'warning',
      message: { text: messageText(`${check.id}: ${check.detail}`) },
      descriptor: { id: check.id },
    })),
    ...notes,
  ];
}

/** Square brackets would make links of hostile text (SARIF 2.1.0, 3.11.6). */
function messageText(text: string): string {
  return cut(text, MAX_MESSAGE).replace(/[\\[\]]/g, '\\$&');
}

function leftOut(count: number) {
  return count > 0 ? [{ level: 'warning', message: { text: `${count} less severe results were left out` } }] : [];
}

function artifactProperties({ assessment, decision }: Judged) {
  return {
    ref: keptText(assessment.artifact.ref),
    pinned: keptText(assessment.artifact.pinned),
    digest: assessment.artifact.digest,
    status: assessment.status,
    decision: { action: decision.action, policy: decision.policy },
    ruleset: assessment.ruleset,
  };
}

/** Percent-encodes each part of a path of `/`-separated names; lone surrogates become U+FFFD, dots at the start stay inside. */
export function pathToUri(path: string): string {
  return path
    .replace(/\p{Cs}/gu, '\ufffd')
    .split('/')
    .map((part) => (part === '.' || part === '..' ? part.replaceAll('.', '%2E') : encodeURIComponent(part)))
    .join('/');
}
