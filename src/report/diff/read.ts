import * as v from 'valibot';
import { SEVERITIES, VERDICTS } from '../../core/assessment/index.ts';
import { AssayError, isAssayError, parseBoundedJson } from '../../core/index.ts';

/** The schema's version that is read: `schema/report-v1.json`. */
const VERSION = '1';

const HINT = 'give a report that assay scan --format json wrote';

const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'));
const Finding = v.object({
  ruleId: v.string(),
  severity: v.picklist(SEVERITIES),
  message: v.string(),
  file: v.string(),
  member: v.nullable(v.string()),
  fingerprint: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, 'is not a fingerprint')),
});
const File = v.object({
  path: v.string(),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  sha256: v.nullable(Sha256),
  verdict: v.picklist(VERDICTS),
});
const Check = v.object({ id: v.string(), status: v.picklist(['pass', 'fail', 'not-assessed', 'error']) });
const Risk = v.object({
  status: v.picklist(['pass', 'fail', 'partial', 'not-assessed', 'not-applicable']),
  evidence: v.picklist(['direct', 'proxy', 'declared', 'none']),
});

/** What of a report is compared; the rest of it is not looked at. */
const Report = v.object({
  artifact: v.object({ ref: v.string(), pinned: v.string(), digest: v.nullable(v.string()) }),
  status: v.picklist(['complete', 'incomplete']),
  decision: v.object({
    action: v.picklist(['allow', 'warn', 'deny']),
    policy: v.string(),
    policyDigest: v.optional(v.string()),
  }),
  files: v.array(File),
  findings: v.array(Finding),
  checks: v.array(Check),
  signatures: v.optional(v.array(v.object({ signature: v.string(), status: v.string() })), []),
  owasp: v.record(v.pipe(v.string(), v.regex(/^ML\d\d:2023$/, 'is not a risk')), Risk),
  ruleset: v.object({ version: v.string(), digest: v.string() }),
});

export type ReadReport = v.InferOutput<typeof Report>;
export type ReadFinding = ReadReport['findings'][number];
export type ReadFile = ReadReport['files'][number];
export type ReadCheck = ReadReport['checks'][number];

/**
 * Reads a JSON report that somebody kept.
 * @param name of the file, for messages
 * @throws AssayError `malformed`, `unsupported` (of another version), `limit`
 */
export function readReport(bytes: Uint8Array, name: string): ReadReport {
  const document = parseDocument(bytes, name);
  checkVersion(document, name);
  const result = v.safeParse(Report, document, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? 'the document';
  throw new AssayError('malformed', `is not a report of version ${VERSION}: ${path}: ${issue.message}`, {
    subject: name,
    hint: HINT,
  });
}

function parseDocument(bytes: Uint8Array, name: string): unknown {
  try {
    return parseBoundedJson(bytes, name);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'malformed') throw error;
    throw new AssayError('malformed', error.message, { subject: name, hint: `${HINT}, one report`, cause: error });
  }
}

function checkVersion(document: unknown, name: string): void {
  const version =
    typeof document === 'object' && document !== null && 'schemaVersion' in document
      ? document.schemaVersion
      : undefined;
  if (version === VERSION) return;
  if (typeof version !== 'string') {
    throw new AssayError('malformed', 'is not a report: it has no schemaVersion', { subject: name, hint: HINT });
  }
  throw new AssayError('unsupported', `is a report of version ${version}; this assay reads version ${VERSION}`, {
    subject: name,
    hint: 'use the version of assay that wrote it, or scan again',
  });
}
