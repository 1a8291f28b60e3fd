import type { Selectable } from 'kysely';
import type { ApprovalMethod, ApprovedImage } from '../api/index.ts';
import type { Tables } from '../store/index.ts';

export function imageOfRow(row: Selectable<Tables['images']>): ApprovedImage {
  return {
    id: row.id,
    digest: row.digest,
    createdBy: row.created_by,
    at: row.at,
    revokedAt: row.revoked_at,
    why: row.why,
    signer: row.signer,
    method: row.method as ApprovalMethod,
    attestation: row.attestation,
  };
}
