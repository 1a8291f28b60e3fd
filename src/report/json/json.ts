import type {
  Check,
  Decision,
  Declared,
  FileAssessment,
  Finding,
  JudgedWaiver,
  Reading,
  Risk,
} from '../../core/assessment/index.ts';
import type { Judged, ReportContext } from '../context.ts';
import { jsonText, keptText } from '../escape.ts';
import { mapOwasp } from '../owasp/index.ts';
import { type ReportDocument, SCHEMA_VERSION } from '../schema/index.ts';
import { readingDetail } from './readings.ts';
import { signatureReport } from './signature-json.ts';

/** The report as one indented JSON document, ending in a newline. */
export function renderJson(judged: Judged, context: ReportContext): string {
  return `${jsonText(toReport(judged, context), 2)}\n`;
}

/** The same document on one line: a report a target. */
export function renderJsonLine(judged: Judged, context: ReportContext): string {
  return `${jsonText(toReport(judged, context))}\n`;
}

/** The report as an object. */
export function toReport({ assessment, decision }: Judged, context: ReportContext): ReportDocument {
  const { artifact, ruleset, stats } = assessment;
  const owasp = mapOwasp(assessment);
  return {
    schemaVersion: SCHEMA_VERSION,
    artifact: { ref: keptText(artifact.ref), pinned: keptText(artifact.pinned), digest: artifact.digest },
    status: assessment.status,
    decision: decisionReport(decision),
    files: assessment.files.map((file) => fileReport(file, context.coverage)),
    findings: assessment.findings.map(findingReport),
    checks: [...assessment.checks, ...owasp.open].map(checkReport),
    signatures: assessment.signatures.map(signatureReport),
    declared: declaredReport(assessment.declared),
    owasp: Object.fromEntries(Object.entries(owasp.risks).map(([id, risk]) => [id, riskReport(risk)])),
    ruleset: { version: ruleset.version, digest: ruleset.digest },
    notes: assessment.notes.map(keptText),
    ...(assessment.cached === undefined ? {} : { cached: assessment.cached }),
    stats: {
      files: stats.files,
      bytesTotal: stats.bytesTotal,
      bytesRead: stats.bytesRead,
      durationMs: Math.round(stats.durationMs),
    },
  };
}

/** A decision as reports have it. */
export function decisionReport(decision: Decision): ReportDocument['decision'] {
  return {
    action: decision.action,
    policy: keptText(decision.policy),
    policyDigest: decision.policyDigest,
    violations: decision.violations.map(({ rule, message, findings }) => ({
      rule,
      message: keptText(message),
      findings,
    })),
    rules: decision.rules.map(({ id, outcome, message, findings }) => ({
      id,
      outcome,
      message: keptText(message),
      findings,
    })),
    waivers: decision.waivers.map(waiverReport),
  };
}

function waiverReport({ waiver, outcome, findings }: JudgedWaiver) {
  return {
    rule: keptText(waiver.rule),
    digest: waiver.digest,
    file: waiver.file === undefined ? null : keptText(waiver.file),
    reason: keptText(waiver.reason),
    owner: keptText(waiver.owner),
    expires: waiver.expires,
    from: keptText(waiver.from),
    outcome,
    findings,
  };
}

function fileReport(file: FileAssessment, withCoverage: boolean) {
  return {
    path: keptText(file.path),
    size: file.size,
    format: file.format,
    sha256: file.sha256,
    digestBasis: file.digestBasis,
    verdict: file.verdict,
    imports: file.imports.map(keptText),
    readings: file.readings.map(readingReport),
    reasons: file.reasons.map(keptText),
    ...(withCoverage ? { coverage: coverageReport(file) } : {}),
  };
}

function readingReport(reading: Reading) {
  const { loader, verdict, imports } = reading;
  return { loader, verdict, imports: imports.map(keptText), detail: readingDetail(reading) ?? null };
}

function coverageReport({ coverage }: FileAssessment) {
  return {
    ranges: coverage.ranges.map(({ start, end, kind, why }) => ({
      start,
      end,
      kind,
      why: why === undefined ? null : keptText(why),
    })),
    gaps: coverage.gaps.map(({ start, end }) => ({ start, end })),
  };
}

function findingReport(finding: Finding) {
  return {
    ruleId: finding.ruleId,
    severity: finding.severity,
    message: keptText(finding.message),
    file: keptText(finding.file),
    member: finding.member === undefined ? null : keptText(finding.member),
    offset: finding.offset ?? null,
    line: finding.line ?? null,
    evidence: finding.evidence === undefined ? null : keptText(finding.evidence),
    owasp: finding.owasp,
    atlas: finding.atlas,
    cwe: finding.cwe,
    fingerprint: finding.fingerprint,
  };
}

function riskReport({ status, evidence, detail, checks, findings }: Risk) {
  return { status, evidence, detail: keptText(detail), checks, findings };
}

function declaredReport(declared: Declared) {
  return {
    licences: declared.licences.map(keptText),
    licenceName: keptOrNull(declared.licenceName),
    baseModels: declared.baseModels.map(keptText),
    datasets: declared.datasets.map(keptText),
    library: keptOrNull(declared.library),
    task: keptOrNull(declared.task),
    languages: declared.languages.map(keptText),
    tags: declared.tags.map(keptText),
    remoteCode: declared.remoteCode.map(keptText),
    architectures: declared.architectures.map(keptText),
    modelType: keptOrNull(declared.modelType),
    files: declared.files.map(keptText),
  };
}

function keptOrNull(text: string | null): string | null {
  return text === null ? null : keptText(text);
}

function checkReport(check: Check) {
  return { id: check.id, status: check.status, detail: keptText(check.detail) };
}
