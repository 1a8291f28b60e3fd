import type { Selectable } from 'kysely';
import type { Waiver } from '../../core/assessment/index.ts';
import type { ApprovalMethod, StoredWaiver } from '../api/index.ts';
import { compiledOnce, type Reader, type Tables } from '../store/index.ts';

export function waiverOfRow(row: Selectable<Tables['waivers']>): StoredWaiver {
  return {
    id: row.id,
    tenant: row.tenant,
    waiver: JSON.parse(row.body) as Waiver,
    createdBy: row.created_by,
    at: row.at,
    revokedAt: row.revoked_at,
    signer: row.signer,
    method: row.method as ApprovalMethod | null,
    attestation: row.attestation,
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

/** The waivers for a digest that were not revoked; including expired ones, which a decision reports. */
export async function storedWaiversFor(db: Reader, tenant: string, digest: string): Promise<StoredWaiver[]> {
  return (await waiversLike(db, { tenant, digest })).map(waiverOfRow);
}
