import type { Ruleset } from '../../core/assessment/index.ts';
import { throwIfAborted } from '../../core/index.ts';
import { checkRecords } from '../chain-state/index.ts';
import type { Principal } from '../records.ts';
import type { Reevaluation } from '../registry.ts';
import { labelOf, newestAssessment, type VersionRow, versionRow } from '../rows/index.ts';
import { type Context, change, read } from '../store/index.ts';
import { decideVersion } from './decide-version.ts';

/** Versions whose ids are read at a time. */
const BATCH = 500;

export interface ReevaluateOptions {
  readonly signal?: AbortSignal;
  /** The current ruleset: versions that were assessed under another ruleset must be scanned again. */
  readonly ruleset?: Ruleset;
  /** Only this version. */
  readonly version?: string;
}

/**
 * Decides every version again that is not at its end, each in its own transaction, so that no request waits for all. If it
 * stops halfway, the finished decisions remain.
 * @throws AssayError `aborted`
 */
export async function reevaluate(
  context: Context,
  by: Principal,
  { signal, ruleset, version: only }: ReevaluateOptions = {},
): Promise<Reevaluation> {
  const changed: Reevaluation['changed'][number][] = [];
  const rescan: string[] = [];
  let [versions, carried, voided, after] = [0, 0, 0, 0];
  for (;;) {
    const batch = only === undefined ? await idsAfter(context, by, after) : [await ownVersion(context, by, only)];
    for (const { id, seq } of batch) {
      throwIfAborted(signal);
      after = seq;
      const one = await reevaluateOne(context, by, id, ruleset);
      if (one === undefined) continue;
      versions++;
      carried += one.carried;
      voided += one.voided;
      changed.push(...one.changed.map((change) => ({ version: id, ...change })));
      if (one.isBehind) rescan.push(id);
    }
    if (batch.length < BATCH) return { versions, changed, carried, voided, rescan };
  }
}

/** @throws RegistryError `not-found`, also for a version of another tenant */
async function ownVersion(context: Context, by: Principal, id: string): Promise<Pick<VersionRow, 'id' | 'seq'>> {
  return read(context, by, (db) => versionRow(db, by.tenant, id));
}

async function idsAfter(context: Context, by: Principal, seq: number): Promise<Pick<VersionRow, 'id' | 'seq'>[]> {
  return read(context, by, (db) =>
    db
      .selectFrom('versions')
      .select(['id', 'seq'])
      .where('tenant', '=', by.tenant)
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(BATCH)
      .execute(),
  );
}

async function reevaluateOne(context: Context, by: Principal, id: string, ruleset: Ruleset | undefined) {
  return change(context, by, async (change) => {
    const version = await change.db.selectFrom('versions').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
    await checkRecords(context, change, version);
    // A quarantined version can come back: those who release it see a decision of now.
    if (version.stage === 'retired') return undefined;
    const newest = await newestAssessment(change.db, id);
    const decided = await decideVersion(context, change, version, newest);
    if (decided.renewed.length > 0) change.record('version.reevaluated', labelOf(version), { stages: decided.renewed });
    const { digest } = newest.assessment.ruleset;
    return {
      ...decided,
      isBehind: version.stage !== 'quarantined' && ruleset !== undefined && ruleset.digest !== digest,
    };
  });
}
