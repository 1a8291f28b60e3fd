import type { Page, StoredDecision, Version } from '../api/index.ts';
import { brokenLog, chainState, checkNotClosed, printOfText, withBars } from '../chain-state/index.ts';
import { checkAlias, checkModelName } from '../names.ts';
import { limitOf, pageOf, seqAfter } from '../paging.ts';
import type { PageRequest, Principal, StoredAssessment } from '../records.ts';
import type { VersionName } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import {
  assessmentOfRow,
  decisionOfRow,
  labelOf,
  newestDecisions,
  type VersionRow,
  versionOfRow,
  versionRow,
  versionsOfRows,
} from '../rows/index.ts';
import { type Context, change, type Reader, read } from '../store/index.ts';
import { noModel } from './models.ts';

/** Assessments of one version that are shown: the newest. */
const MAX_ASSESSMENTS = 100;

/** The newest first. */
export async function versions(
  context: Context,
  by: Principal,
  model: string,
  page: PageRequest = {},
): Promise<Page<Version>> {
  checkModelName(model);
  return read(context, by, async (db) => {
    const limit = limitOf(page);
    const after = seqAfter(page);
    let query = db.selectFrom('versions').selectAll().where('tenant', '=', by.tenant).where('model', '=', model);
    if (after !== undefined) query = query.where('number', '<', after);
    const rows = await query
      .orderBy('number', 'desc')
      .limit(limit + 1)
      .execute();
    if (rows.length === 0) await mustExist(db, by, model);
    const shown = await withBars(context, by.tenant, await versionsOfRows(db, rows));
    return pageOf(
      shown,
      limit,
      (version) => version,
      ({ number }) => String(number),
    );
  });
}

async function mustExist(db: Reader, { tenant }: Principal, name: string): Promise<void> {
  const known = await db
    .selectFrom('models')
    .select('name')
    .where('tenant', '=', tenant)
    .where('name', '=', name)
    .executeTakeFirst();
  if (known === undefined) throw noModel(name);
}

export async function versionById(
  context: Context,
  by: Principal,
  name: VersionName | { readonly id: string },
): Promise<Version> {
  return read(context, by, async (db) => {
    const row = 'id' in name ? await versionRow(db, by.tenant, name.id) : await namedRow(db, by.tenant, name);
    if (row === undefined) throw new RegistryError('not-found', 'the version does not exist');
    if ('alias' in name) await checkAliased(context, by.tenant, name, row);
    const [version] = await withBars(context, by.tenant, [await versionOfRow(db, row)]);
    if (version === undefined) throw new RegistryError('internal', 'a version was lost');
    return version;
  });
}

/** @throws RegistryError `broken-log` for an alias that the audit log does not tell of */
async function checkAliased(
  context: Context,
  tenant: string,
  { model, alias }: { readonly model: string; readonly alias: string },
  row: VersionRow,
): Promise<void> {
  const told = (await chainState(context, tenant)).alias(model, alias);
  if (told !== labelOf(row)) throw brokenLog(`it does not tell that ${model} has the alias ${alias} there`);
}

async function namedRow(db: Reader, tenant: string, name: VersionName): Promise<VersionRow | undefined> {
  checkModelName(name.model);
  const own = db
    .selectFrom('versions')
    .selectAll('versions')
    .where('versions.tenant', '=', tenant)
    .where('versions.model', '=', name.model);
  if ('number' in name) return own.where('versions.number', '=', boundNumber(name.number)).executeTakeFirst();
  if ('digest' in name) return own.where('versions.digest', '=', name.digest).executeTakeFirst();
  checkAlias(name.alias);
  return own
    .innerJoin('aliases', 'aliases.version', 'versions.id')
    .where('aliases.tenant', '=', tenant)
    .where('aliases.model', '=', name.model)
    .where('aliases.alias', '=', name.alias)
    .executeTakeFirst();
}

function boundNumber(number: number): number {
  if (Number.isInteger(number) && number >= 1 && number <= 0x7fffffff) return number;
  throw new RegistryError('invalid', 'this is not a number of a version');
}

/** The newest first. */
export async function assessments(
  context: Context,
  by: Principal,
  id: string,
  most = MAX_ASSESSMENTS,
): Promise<StoredAssessment[]> {
  return read(context, by, async (db) => {
    const version = await versionRow(db, by.tenant, id);
    const told = (await chainState(context, by.tenant)).version(labelOf(version))?.seal;
    const rows = await db
      .selectFrom('assessments')
      .selectAll()
      .where('version', '=', id)
      .orderBy('seq', 'desc')
      .limit(Math.min(most, MAX_ASSESSMENTS))
      .execute();
    const [newest] = rows;
    if (told != null && newest !== undefined && printOfText(newest.body) !== told.assessment) {
      throw brokenLog(`the newest assessment of ${labelOf(version)} was changed, added or removed`);
    }
    return rows.map(assessmentOfRow);
  });
}

export async function decisions(context: Context, by: Principal, id: string): Promise<StoredDecision[]> {
  return read(context, by, async (db) => {
    await versionRow(db, by.tenant, id);
    return [...(await newestDecisions(db, id)).values()].map(decisionOfRow);
  });
}

/** `null` takes the alias away. */
export async function setAlias(
  context: Context,
  by: Principal,
  model: string,
  alias: string,
  number: number | null,
): Promise<void> {
  checkModelName(model);
  checkAlias(alias);
  await change(context, by, async (change) => {
    const { db, tenant } = change;
    await mustExist(db, by, model);
    if (number === null) {
      const { numDeletedRows } = await db
        .deleteFrom('aliases')
        .where('tenant', '=', tenant)
        .where('model', '=', model)
        .where('alias', '=', alias)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw new RegistryError('not-found', `${model} has no alias ${alias}`);
      change.record('alias.removed', model, { alias });
      return;
    }
    const row = await namedRow(db, tenant, { model, number });
    if (row === undefined) throw new RegistryError('not-found', `version ${number} of ${model} does not exist`);
    await checkNotClosed(context, change, row);
    await db
      .insertInto('aliases')
      .values({ tenant, model, alias, version: row.id })
      .onConflict((conflict) => conflict.columns(['tenant', 'model', 'alias']).doUpdateSet({ version: row.id }))
      .execute();
    change.record('alias.set', labelOf(row), { alias });
  });
}
