import type { Risk } from '../../core/assessment/index.ts';
import { CheckSchema, SignatureSchema } from '../../core/assessment/schema/index.ts';
import { array, objectOf, optionalOf, pick, type Static } from '../../core/schema/index.ts';
import { ReportedDecision, ReportedFile, ReportedFinding, ReportSchema, readReportParts } from '../schema/index.ts';

/** The compared parts of a report. Reports of earlier programs lack some of it. */
const Compared = objectOf({
  ...pick(ReportSchema, 'artifact', 'status', 'owasp', 'ruleset').properties,
  decision: objectOf({
    ...pick(ReportedDecision, 'action', 'policy').properties,
    policyDigest: optionalOf(ReportedDecision.properties.policyDigest),
  }),
  files: array(pick(ReportedFile, 'path', 'size', 'sha256', 'verdict')),
  findings: array(pick(ReportedFinding, 'ruleId', 'severity', 'message', 'file', 'member', 'fingerprint')),
  checks: array(pick(CheckSchema, 'id', 'status')),
  signatures: optionalOf(array(pick(SignatureSchema, 'signature', 'status'))),
});
type Compared = Static<typeof Compared>;

/** A report as it is compared with another. */
export interface ReadReport extends Omit<Compared, 'signatures' | 'owasp'> {
  readonly signatures: NonNullable<Compared['signatures']>;
  readonly owasp: Readonly<Record<string, Pick<Risk, 'status' | 'evidence'>>>;
}
export type ReadFinding = ReadReport['findings'][number];
export type ReadFile = ReadReport['files'][number];
export type ReadCheck = ReadReport['checks'][number];

/**
 * Reads a stored JSON report.
 * @param name of the file, for messages
 * @throws AssayError `malformed`, `unsupported` (of another version), `limit`
 */
export function readReport(bytes: Uint8Array, name: string): ReadReport {
  const { signatures = [], owasp, ...report } = readReportParts(Compared, bytes, name);
  const risks = Object.entries(owasp).map(([id, { status, evidence }]) => [id, { status, evidence }]);
  return { ...report, signatures, owasp: Object.fromEntries(risks) };
}
