import type { Selectable } from 'kysely';
import type { Waiver } from '../core/waiver.ts';
import type { StoredWaiver } from './registry.ts';
import { compiledOnce } from './store/compiled-once.ts';
import type { Reader } from './store/database.ts';
import type { Tables } from './store/tables.ts';

export function waiverOfRow(row: Selectable<Tables['waivers']>): StoredWaiver {
  return {
    id: row.id,
    tenant: row.tenant,
    waiver: JSON.parse(row.body) as Waiver,
    createdBy: row.created_by,
    at: row.at,
    revokedAt: row.revoked_at,
  };
}

const waiversLike = compiledOnce({ tenant: 'text', digest: 'text' }, (db, { tenant, digest }) =>
  db
    .selectFrom('waivers')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .where('revoked_at', 'is', null)
    .orderBy('seq'),
);

/** Those that were given for a digest and not taken back; ended ones too, which a decision tells of. */
export async function waiversFor(db: Reader, tenant: string, digest: string): Promise<Waiver[]> {
  const rows = await waiversLike(db, { tenant, digest });
  return rows.map((row) => waiverOfRow(row).waiver);
}
