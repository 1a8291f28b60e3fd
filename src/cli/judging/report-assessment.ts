import type { Assessment, Waiver } from '../../core/assessment/index.ts';
import { FileSchema } from '../../core/assessment/schema/index.ts';
import { array, objectOf, optionalOf, pick, type Static } from '../../core/schema/index.ts';
import { mapOwasp } from '../../report/index.ts';
import { ReportedDecision, ReportSchema, readReportParts } from '../../report/schema/index.ts';

/** The parts of a report that make up an assessment. */
const AssessmentParts = objectOf({
  ...pick(
    ReportSchema,
    'artifact',
    'status',
    'findings',
    'checks',
    'signatures',
    'declared',
    'ruleset',
    'notes',
    'cached',
    'stats',
  ).properties,
  decision: pick(ReportedDecision, 'waivers'),
  // Reports of earlier versions have no readings.
  files: array(objectOf({ ...FileSchema.properties, readings: optionalOf(FileSchema.properties.readings) })),
});
type AssessmentParts = Static<typeof AssessmentParts>;

/** The assessment and the waivers from which a report was made. */
export interface Reported {
  readonly assessment: Assessment;
  /** Those that were given then. */
  readonly waivers: readonly Waiver[];
}

/**
 * Reads a JSON report back. Which bytes were covered is not looked at: no rule sees it.
 * @param name of the file, for messages
 * @throws AssayError `malformed`, `unsupported` (of another version), `limit`
 */
export function readReported(bytes: Uint8Array, name: string): Reported {
  const { decision, ...report } = readReportParts(AssessmentParts, bytes, name);
  return {
    assessment: assessmentOf(report),
    waivers: decision.waivers.map(({ outcome: _outcome, findings: _findings, file, ...waiver }) => ({
      ...waiver,
      ...(file === null ? {} : { file }),
    })),
  };
}

function assessmentOf(report: Omit<AssessmentParts, 'decision'>): Assessment {
  const assessment: Assessment = {
    ...report,
    files: report.files.map((file) => ({ readings: [], ...file, coverage: { ranges: [], gaps: [] } })),
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
