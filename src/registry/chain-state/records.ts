import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { canonicalJson, type Seal } from '../audit-chain/index.ts';
import { approvalRows, labelOf, newestDecisions, testRunRows, type VersionRow, versionRow } from '../rows/index.ts';
import type { Change, Context, Reader } from '../store/index.ts';
import { brokenLog, chainStateIn } from './follow.ts';
import type { ChainState } from './state.ts';

/** Hex SHA-256. */
export function printOfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Hex SHA-256 over every row that decides for a version, but for its waivers and its newest assessment, which the log covers one
 * by one.
 */
async function rowsPrint(db: Reader, version: VersionRow): Promise<string> {
  const own = await db.selectFrom('versions').selectAll().where('id', '=', version.id).executeTakeFirst();
  const keys = await db
    .selectFrom('version_keys')
    .select(['key', 'kind'])
    .where('version', '=', version.id)
    .orderBy('kind')
    .orderBy('key')
    .execute();
  const approvals = await approvalRows(db, version.id);
  const transitions = await db
    .selectFrom('transitions')
    .selectAll()
    .where('version', '=', version.id)
    .orderBy('seq')
    .execute();
  const votes =
    transitions.length === 0
      ? []
      : await db
          .selectFrom('votes')
          .selectAll()
          .where('transition', 'in', ({ selectFrom }) =>
            selectFrom('transitions').select('id').where('version', '=', version.id),
          )
          .orderBy('seq')
          .execute();
  const newest = [...(await newestDecisions(db, version.id)).values()];
  const seen =
    approvals.length === 0
      ? []
      : await db
          .selectFrom('decisions')
          .selectAll()
          .where('version', '=', version.id)
          .where('id', 'in', ({ selectFrom }) =>
            selectFrom('approvals').select('decision').where('version', '=', version.id),
          )
          .orderBy('seq')
          .execute();
  const runs = await testRunRows(db, version.id);
  // Canonical: the order of columns and keys differs between databases.
  const rows = { own, keys: sorted(keys), approvals, transitions, votes, newest, seen, runs };
  return printOfText(canonicalJson(rows));
}

/** PostgreSQL sorts texts by its own rules. */
function sorted(keys: readonly { readonly key: string; readonly kind: string }[]): string[] {
  return keys.map(({ key, kind }) => `${kind} ${key}`).sort();
}

/** The current state of all records of a version. */
async function sealOf(db: Reader, row: VersionRow): Promise<Seal> {
  const current = await db.selectFrom('gate').select('answer').where('version', '=', row.id).executeTakeFirst();
  const newest = await db
    .selectFrom('assessments')
    .select('body')
    .where('version', '=', row.id)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return {
    answer: printOfText(current?.answer ?? ''),
    rows: await rowsPrint(db, row),
    assessment: printOfText(newest?.body ?? ''),
    denies: deniesIn(current?.answer),
  };
}

const answer = v.object({ denies: v.optional(v.array(v.string()), []) });

function deniesIn(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  try {
    const read = v.safeParse(answer, JSON.parse(text));
    return read.success ? read.output.denies : [];
  } catch {
    return [];
  }
}

/** At the end of a change, the audit log covers the records of a version as they are then, when they are others than before. */
export function sealVersion(change: Change, row: VersionRow, before: Seal | null = null): void {
  change.seal(labelOf(row), async () => {
    const now = await sealOf(change.db, row);
    return canonicalJson(now) === canonicalJson(before) ? undefined : now;
  });
}

/**
 * A version that a change is about, before anything of it is changed: at its end, the audit log covers its records.
 * @throws RegistryError `not-found`; `broken-log` when its records differ from the audit log
 */
export async function checkVersion(context: Context, change: Change, id: string): Promise<VersionRow> {
  const row = await versionRow(change.db, change.tenant, id);
  await checkRecords(context, change, row);
  return row;
}

/** The same for a row that was read already. @throws RegistryError `broken-log` */
export async function checkRecords(context: Context, change: Change, row: VersionRow): Promise<void> {
  const fault = await faultIn(context, change, row);
  if (fault !== undefined) throw brokenLog(fault);
}

/** The same for a change that has to be possible even then. @returns the fault: then nothing is covered again */
export async function faultIn(context: Context, change: Change, row: VersionRow): Promise<string | undefined> {
  const state = await chainStateIn(context, change);
  const fault = await faultOf(state, change.db, row);
  if (fault === undefined) sealVersion(change, row, state.version(labelOf(row))?.seal);
  return fault;
}

/** How the records of a version differ from what the audit log tells, as a sentence; `undefined` when they do not. */
export async function faultOf(state: ChainState, db: Reader, row: VersionRow): Promise<string | undefined> {
  const label = labelOf(row);
  const told = state.version(label);
  if (told?.digest !== row.digest) return `it has no entry about ${label} with these bytes`;
  // Written before the log covered records: the end of the change seals them.
  if (told.seal === null) return undefined;
  const now = await sealOf(db, row);
  if (now.answer !== told.seal.answer) return `the current decision on ${label} was changed or removed`;
  if (now.assessment !== told.seal.assessment) return `the newest assessment of ${label} was changed, added or removed`;
  return now.rows === told.seal.rows ? undefined : `the records of ${label} were changed, added or removed`;
}
