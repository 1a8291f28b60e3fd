import { sql } from 'kysely';
import { formatReference, parseReference } from '../../core/reference/index.ts';
import type { CurrentDecision, Version } from '../api/index.ts';
import type { Principal } from '../records.ts';
import type { DecisionQuery } from '../registry.ts';
import { versionsOfRows } from '../rows/index.ts';
import { type Context, compiledOnce, read } from '../store/index.ts';
import { answerAt, type StoredAnswer } from './stored-answer.ts';

/** CWE-770: the number of models with the same bytes. */
const MAX_ANSWERS = 100;

/** The usual case: bytes have one name. */
const firstAnswersOf = compiledOnce({ tenant: 'text', key: 'text' }, (db, { tenant, key }) =>
  db
    .selectFrom('version_keys')
    .innerJoin('gate', 'gate.version', 'version_keys.version')
    .select('gate.answer')
    .where('version_keys.tenant', '=', tenant)
    .where('version_keys.key', '=', key)
    .limit(sql.lit(2)),
);

const orderedAnswersOf = compiledOnce({ tenant: 'text', key: 'text' }, (db, { tenant, key }) =>
  db
    .selectFrom('version_keys')
    .innerJoin('gate', 'gate.version', 'version_keys.version')
    .innerJoin('versions', 'versions.id', 'version_keys.version')
    .select('gate.answer')
    .where('version_keys.tenant', '=', tenant)
    .where('version_keys.key', '=', key)
    // Many names for the same bytes hide neither a quarantined version nor the first version.
    .orderBy((is) => is.case().when('versions.stage', '=', 'quarantined').then(0).else(1).end())
    .orderBy('versions.seq')
    .limit(sql.lit(MAX_ANSWERS)),
);

/** One look into an index for each version: no assessment and no decision is read. */
export async function currentDecisions(
  context: Context,
  by: Principal,
  query: DecisionQuery,
): Promise<CurrentDecision[]> {
  return read(context, by, async (db) => {
    const asked = { tenant: by.tenant, key: keyOfQuery(query) };
    const first = await firstAnswersOf(db, asked);
    const rows = first.length < 2 ? first : await orderedAnswersOf(db, asked);
    const now = context.now();
    return rows.map(({ answer }) => answerAt(JSON.parse(answer) as StoredAnswer, now));
  });
}

export async function versionsOf(context: Context, by: Principal, query: DecisionQuery): Promise<Version[]> {
  return read(context, by, async (db) => {
    const rows = await db
      .selectFrom('versions')
      .selectAll('versions')
      .innerJoin('version_keys', 'version_keys.version', 'versions.id')
      .where('version_keys.tenant', '=', by.tenant)
      .where('version_keys.key', '=', keyOfQuery(query))
      .orderBy('versions.seq')
      .limit(MAX_ANSWERS)
      .execute();
    return versionsOfRows(db, rows);
  });
}

/** References are stored in canonical form. A text that is not a reference is never found. */
function keyOfQuery(query: DecisionQuery): string {
  const key = 'digest' in query ? query.digest : canonical(query.ref);
  // No database keeps a NUL.
  return key.replaceAll('\0', ' ');
}

function canonical(ref: string): string {
  try {
    return formatReference(parseReference(ref));
  } catch {
    return ref;
  }
}
