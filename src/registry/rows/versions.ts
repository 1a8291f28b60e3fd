import type { Selectable } from 'kysely';
import { parseReference } from '../../core/reference/index.ts';
import type { Lineage, Stage, Version } from '../api/index.ts';
import { RegistryError } from '../registry-error.ts';
import type { Reader, Tables } from '../store/index.ts';

export type VersionRow = Selectable<Tables['versions']>;

export const NO_LINEAGE: Lineage = { baseModels: [], datasets: [], code: null, run: null };

export function saysAnything({ baseModels, datasets, code, run }: Lineage): boolean {
  return baseModels.length + datasets.length > 0 || code !== null || run !== null;
}

/** `model@number`, as the audit log names a version. */
export function labelOf({ model, number }: { readonly model: string; readonly number: number }): string {
  return `${model}@${number}`;
}

/** The versions of rows, in their order. */
export async function versionsOfRows(db: Reader, rows: readonly VersionRow[]): Promise<Version[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const keys = await db
    .selectFrom('version_keys')
    .select(['version', 'key'])
    .where('version', 'in', ids)
    .where('kind', '=', 'ref')
    .execute();
  const aliases = await db.selectFrom('aliases').select(['version', 'alias']).where('version', 'in', ids).execute();
  return rows.map((row) =>
    versionOf(
      row,
      textsOf(keys, row.id, ({ key }) => key),
      textsOf(aliases, row.id, ({ alias }) => alias),
    ),
  );
}

export function versionOf(row: VersionRow, pinned: readonly string[], aliases: readonly string[]): Version {
  return {
    id: row.id,
    tenant: row.tenant,
    model: row.model,
    number: row.number,
    digest: row.digest,
    ref: row.ref,
    pinned,
    stage: row.stage as Stage,
    aliases,
    lineage: JSON.parse(row.lineage) as Lineage,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}

function textsOf<T extends { readonly version: string }>(all: readonly T[], id: string, text: (of: T) => string) {
  return all
    .filter(({ version }) => version === id)
    .map(text)
    .sort();
}

export async function versionOfRow(db: Reader, row: VersionRow): Promise<Version> {
  const [version] = await versionsOfRows(db, [row]);
  if (version === undefined) throw new RegistryError('internal', 'a version was lost');
  return version;
}

/** @throws RegistryError `not-found`, also for a version of another tenant */
export async function versionRow(db: Reader, tenant: string, id: string): Promise<VersionRow> {
  const row = await db
    .selectFrom('versions')
    .selectAll()
    .where('id', '=', id)
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  if (row === undefined) throw new RegistryError('not-found', 'the version does not exist');
  return row;
}

/**
 * Whether a reference names bytes that nobody can replace: only such a reference identifies a version. The bytes behind a path,
 * a bare address and a version of MLflow can change.
 */
export function isExact(pinned: string): boolean {
  try {
    const reference = parseReference(pinned);
    switch (reference.kind) {
      case 'hf':
        return /^[0-9a-f]{40}$/.test(reference.revision ?? '');
      case 'https':
        return reference.sha256 !== undefined;
      case 's3':
        return reference.versionId !== undefined;
      case 'oci':
        return reference.digest !== undefined;
      case 'path':
      case 'models':
        return false;
    }
  } catch {
    // A path that looks like an address.
    return false;
  }
}
