import type { Selectable } from 'kysely';
import type { Assessment, Decision } from '../../core/assessment/index.ts';
import type { Stage, StoredDecision } from '../api/index.ts';
import type { StoredAssessment } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { RULED_STAGES, type RuledStage } from '../rules/index.ts';
import type { Reader, Tables } from '../store/index.ts';
import { suiteIn } from './suites.ts';

export type DecisionRow = Selectable<Tables['decisions']>;
export type AssessmentRow = Selectable<Tables['assessments']>;

export function assessmentOfRow(row: AssessmentRow): StoredAssessment {
  return { id: row.id, version: row.version, assessment: assessmentOf(row.body), at: row.at };
}

/** An assessment as it was kept; earlier versions kept no readings. */
function assessmentOf(body: string): Assessment {
  const kept = JSON.parse(body) as Assessment;
  return { ...kept, files: kept.files.map((file) => ({ ...file, readings: file.readings ?? [] })) };
}

const read = new WeakMap<DecisionRow, Decision>();

/** What a row holds, read once. */
export function decisionIn(row: DecisionRow): Decision {
  const known = read.get(row) ?? (JSON.parse(row.body) as Decision);
  read.set(row, known);
  return known;
}

export function decisionOfRow(row: DecisionRow): StoredDecision {
  return {
    id: row.id,
    version: row.version,
    assessment: row.assessment,
    stage: row.stage as Stage,
    decision: decisionIn(row),
    ruleset: { version: row.ruleset_version, digest: row.ruleset_digest },
    suite: suiteIn(row),
    at: row.at,
  };
}

export async function newestAssessment(db: Reader, version: string): Promise<StoredAssessment> {
  return assessmentOfRow(await newestAssessmentRow(db, version));
}

export async function newestAssessmentRow(db: Reader, version: string): Promise<AssessmentRow> {
  const row = await db
    .selectFrom('assessments')
    .selectAll()
    .where('version', '=', version)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) throw new RegistryError('internal', 'a version has no assessment');
  return row;
}

/** The newest for each stage. */
export async function newestDecisions(db: Reader, version: string): Promise<Map<RuledStage, DecisionRow>> {
  const rows = await db
    .selectFrom('decisions')
    .selectAll()
    .where('version', '=', version)
    .where('seq', 'in', ({ selectFrom }) =>
      selectFrom('decisions as newest')
        .select(({ fn }) => fn.max('newest.seq').as('seq'))
        .where('newest.version', '=', version)
        .groupBy('newest.stage'),
    )
    .execute();
  const newest = new Map<RuledStage, DecisionRow>();
  for (const stage of RULED_STAGES) {
    const row = rows.find((one) => one.stage === stage);
    if (row !== undefined) newest.set(stage, row);
  }
  return newest;
}
