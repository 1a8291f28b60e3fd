import { type Expression, type SqlBool, sql } from 'kysely';
import { type ModelSummary, type Page, STAGES, type Stage, type Version } from '../api/index.ts';
import { withBars } from '../chain-state/index.ts';
import { checkModelName } from '../names.ts';
import { limitOf, nameAfter, nameCursor } from '../paging.ts';
import type { PageRequest, Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { versionsOfRows } from '../rows/index.ts';
import { type Context, type Reader, read } from '../store/index.ts';

const MAX_SEARCH = 200;

export interface ModelFilter {
  readonly stage?: Stage;
  /** Part of a name, in any case. */
  readonly search?: string;
}

export async function models(
  context: Context,
  by: Principal,
  page: PageRequest & ModelFilter = {},
): Promise<Page<ModelSummary>> {
  const { dialect } = context.database;
  return read(context, by, async (db) => {
    const limit = limitOf(page);
    const after = nameAfter(page);
    // The order of names is that of their bytes, whatever language the server speaks.
    const name = dialect === 'postgres' ? sql<string>`name collate "C"` : sql<string>`name`;
    let query = db.selectFrom('models').selectAll().where('tenant', '=', by.tenant);
    if (after !== undefined) query = query.where(sql<SqlBool>`${name} > ${after}`);
    if (page.search !== undefined) query = query.where(nameHolds(page.search));
    if (page.stage !== undefined) {
      const { stage } = page;
      query = query.where(({ exists, selectFrom }) =>
        exists(
          selectFrom('versions')
            .select('versions.id')
            .whereRef('versions.tenant', '=', 'models.tenant')
            .whereRef('versions.model', '=', 'models.name')
            .where('versions.stage', '=', stage),
        ),
      );
    }
    const rows = await query
      .orderBy(name)
      .limit(limit + 1)
      .execute();
    const shown = rows.slice(0, limit).map(modelOfRow);
    const last = shown.at(-1);
    return {
      items: await summaries(context, db, by.tenant, shown),
      next: rows.length > limit && last !== undefined ? nameCursor(last.name) : null,
    };
  });
}

export async function model(context: Context, by: Principal, name: string): Promise<ModelSummary> {
  checkModelName(name);
  return read(context, by, async (db) => {
    const row = await db
      .selectFrom('models')
      .selectAll()
      .where('tenant', '=', by.tenant)
      .where('name', '=', name)
      .executeTakeFirst();
    const [summary] = row === undefined ? [] : await summaries(context, db, by.tenant, [modelOfRow(row)]);
    if (summary === undefined) throw noModel(name);
    return summary;
  });
}

/** What stands in the table of models. */
type Model = Omit<ModelSummary, 'versions' | 'newest' | 'stages'>;

export function noModel(name: string): RegistryError {
  return new RegistryError('not-found', `the model ${name} does not exist`);
}

/** `%` and `_` are characters like others. */
function nameHolds(search: string): Expression<SqlBool> {
  if (search.length > MAX_SEARCH || search.includes('\0')) {
    throw new RegistryError('invalid', `a search has more than ${MAX_SEARCH} characters`);
  }
  const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  return sql<SqlBool>`lower(name) like ${pattern} escape ${sql.lit('\\')}`;
}

function modelOfRow(row: {
  readonly tenant: string;
  readonly name: string;
  readonly description: string;
  readonly created_at: string;
  readonly created_by: string;
}): Model {
  const { tenant, name, description, created_at, created_by } = row;
  return { tenant, name, description, createdAt: created_at, createdBy: created_by };
}

async function summaries(
  context: Context,
  db: Reader,
  tenant: string,
  models: readonly Model[],
): Promise<ModelSummary[]> {
  if (models.length === 0) return [];
  const names = models.map(({ name }) => name);
  const stands = await db
    .selectFrom('versions')
    .select(({ fn }) => ['model', 'stage', fn.max('number').as('newest'), fn.countAll<number>().as('count')])
    .where('tenant', '=', tenant)
    .where('model', 'in', names)
    .groupBy(['model', 'stage'])
    .execute();
  const versions = await withBars(context, tenant, await newestAtStages(db, tenant, stands));
  return models.map((model) => {
    const own = versions.filter((version) => version.model === model.name);
    const stages: Partial<Record<Stage, Version>> = {};
    for (const stage of STAGES) {
      const version = own.find((one) => one.stage === stage);
      if (version !== undefined) stages[stage] = version;
    }
    const counts = stands.filter((one) => one.model === model.name).map(({ count }) => count);
    return {
      ...model,
      versions: counts.reduce((sum, count) => sum + count, 0),
      newest: own.reduce<Version | null>((best, one) => (best === null || one.number > best.number ? one : best), null),
      stages,
    };
  });
}

async function newestAtStages(
  db: Reader,
  tenant: string,
  stands: readonly { readonly model: string; readonly newest: number }[],
): Promise<Version[]> {
  if (stands.length === 0) return [];
  const rows = await db
    .selectFrom('versions')
    .selectAll()
    .where('tenant', '=', tenant)
    .where(({ eb, or, and }) =>
      or(stands.map(({ model, newest }) => and([eb('model', '=', model), eb('number', '=', newest)]))),
    )
    .execute();
  return versionsOfRows(db, rows);
}
