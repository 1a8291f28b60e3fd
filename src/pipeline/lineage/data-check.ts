import { type DataCheck, type DataReport, poisoningRisk, statusOfData } from '../../core/data/index.ts';
import type { AssessedLineage } from './lineage.ts';

/** The report on data with its lineage: its check stands before the others. */
export function withLineage(report: DataReport, assessed: AssessedLineage): DataReport {
  const checks = [dataCheckOf(assessed), ...report.checks];
  return { ...report, status: statusOfData(checks), owasp: poisoningRisk(checks), checks, lineage: assessed.lineage };
}

/** `data.provenance`, as a check of data. */
function dataCheckOf({ check: { status, detail }, lineage: { nodes, edges } }: AssessedLineage): DataCheck {
  const nameOf = (id: string) => nodes.find((node) => node.id === id)?.name ?? id;
  const rows = edges.flatMap(({ from, why, status: held }) =>
    held === 'mismatched' ? [{ row: null, id: nameOf(from), why, score: null }] : [],
  );
  return {
    id: 'data.provenance',
    title: 'Does a trusted signer attest that the model was trained on this data?',
    weight: 'decides',
    status,
    detail,
    measures: [],
    rows,
    rowCount: rows.length,
    figures: [],
    falseAlarms: 'none: bytes and digests either agree or do not',
    unseen: 'whether the run was as its signer says, and what is in the data',
  };
}
