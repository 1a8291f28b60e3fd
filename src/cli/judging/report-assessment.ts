import * as v from 'valibot';
import { type Assessment, LOADERS, SEVERITIES, VERDICTS, type Waiver } from '../../core/assessment/index.ts';
import { AssayError, DOCUMENT_BOUNDS, isAssayError, parseBoundedJson } from '../../core/index.ts';
import { mapOwasp, SCHEMA_VERSION } from '../../report/index.ts';

const Text = v.string();
const Texts = v.array(v.string());
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const MaybeText = v.nullable(v.string());

const Signer = v.variant('kind', [
  v.object({ kind: v.literal('key'), keyHint: Text, keyType: Text }),
  v.object({
    kind: v.literal('certificate'),
    subject: Text,
    names: Texts,
    issuer: Text,
    sha256: Text,
    notAfter: Text,
    expired: v.boolean(),
  }),
  v.object({ kind: v.literal('sigstore'), identity: Text, issuer: Text, signedAt: Text }),
]);

const Declared = v.object({
  licences: Texts,
  licenceName: MaybeText,
  baseModels: Texts,
  datasets: Texts,
  library: MaybeText,
  task: MaybeText,
  languages: Texts,
  tags: Texts,
  remoteCode: Texts,
  architectures: Texts,
  modelType: MaybeText,
  files: Texts,
});

/** What of `schema/report-v1.json` an assessment is made of. */
const Report = v.object({
  schemaVersion: v.literal(SCHEMA_VERSION, `is not version ${SCHEMA_VERSION}`),
  artifact: v.object({ ref: Text, pinned: Text, digest: MaybeText }),
  status: v.picklist(['complete', 'incomplete']),
  decision: v.object({
    waivers: v.array(
      v.object({ rule: Text, digest: Text, file: MaybeText, reason: Text, owner: Text, expires: Text, from: Text }),
    ),
  }),
  files: v.array(
    v.object({
      path: Text,
      size: Count,
      format: Text,
      sha256: MaybeText,
      digestBasis: v.picklist(['computed', 'claimed', 'none']),
      verdict: v.picklist(VERDICTS),
      imports: Texts,
      // Reports of earlier versions have none.
      readings: v.optional(
        v.array(v.object({ loader: v.picklist(LOADERS), verdict: v.picklist(VERDICTS), imports: Texts })),
        [],
      ),
      reasons: Texts,
    }),
  ),
  findings: v.array(
    v.object({
      ruleId: Text,
      severity: v.picklist(SEVERITIES),
      message: Text,
      file: Text,
      member: MaybeText,
      offset: v.nullable(Count),
      line: v.nullable(Count),
      evidence: MaybeText,
      owasp: Texts,
      atlas: Texts,
      cwe: Texts,
      fingerprint: Text,
    }),
  ),
  checks: v.array(v.object({ id: Text, status: v.picklist(['pass', 'fail', 'not-assessed', 'error']), detail: Text })),
  signatures: v.array(
    v.object({
      signature: Text,
      status: v.picklist(['verified', 'partial', 'failed', 'not-assessed']),
      problem: MaybeText,
      detail: Text,
      signer: v.nullable(Signer),
      method: MaybeText,
      covered: Count,
      changed: Texts,
      missing: Texts,
      uncovered: v.array(v.object({ path: Text, why: v.picklist(['added', 'ignored', 'link']) })),
      emptyFiles: Texts,
    }),
  ),
  declared: Declared,
  ruleset: v.object({ version: Text, digest: Text }),
  notes: Texts,
  stats: v.object({ files: Count, bytesTotal: Count, bytesRead: Count, durationMs: Count }),
});

type Report = v.InferOutput<typeof Report>;

/** What a report was made of. */
export interface Reported {
  readonly assessment: Assessment;
  /** Those that were given then. */
  readonly waivers: readonly Waiver[];
}

/**
 * Reads a JSON report back. Which bytes were covered is not looked at: no rule sees it.
 * @param name of the file, for messages
 * @throws AssayError `malformed`, `limit`
 */
export function readReported(bytes: Uint8Array, name: string): Reported {
  const result = v.safeParse(Report, parse(bytes, name), { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw malformed(
      name,
      `is not a report of version ${SCHEMA_VERSION}: ${v.getDotPath(issue) ?? 'it'} ${issue.message}`,
    );
  }
  const { decision, ...report } = result.output;
  return {
    assessment: assessmentOf(report),
    waivers: decision.waivers.map(({ file, ...waiver }) => ({ ...waiver, ...(file === null ? {} : { file }) })),
  };
}

function parse(bytes: Uint8Array, name: string): unknown {
  try {
    return parseBoundedJson(bytes, name, DOCUMENT_BOUNDS);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'malformed') throw error;
    throw malformed(name, error.message);
  }
}

function malformed(subject: string, message: string): AssayError {
  return new AssayError('malformed', message, { subject, hint: 'give a report that assay scan --format json wrote' });
}

function assessmentOf({ schemaVersion: _, ...report }: Omit<Report, 'decision'>): Assessment {
  const assessment: Assessment = {
    ...report,
    files: report.files.map((file) => ({ ...file, coverage: { ranges: [], gaps: [] } })),
    findings: report.findings.map(({ member, offset, line, evidence, ...finding }) => ({
      ...finding,
      ...(member === null ? {} : { member }),
      ...(offset === null ? {} : { offset }),
      ...(line === null ? {} : { line }),
      ...(evidence === null ? {} : { evidence }),
    })),
  };
  return { ...assessment, checks: withoutOpen(assessment) };
}

/** A report adds the questions that nothing answered: they are not part of the assessment. */
function withoutOpen(assessment: Assessment): Assessment['checks'] {
  const open = new Map(mapOwasp({ ...assessment, checks: [] }).open.map(({ id, detail }) => [id, detail]));
  return assessment.checks.filter(({ id, status, detail }) => status !== 'not-assessed' || open.get(id) !== detail);
}
