import { nameOf, type Principal, type Role } from '../../registry/index.ts';
import { ServiceError } from '../problems/index.ts';
import type { UploadStore } from './store.ts';

/** Who may look at what others upload, besides administrators: those who judge it. */
export const UPLOAD_READERS: readonly Role[] = ['reviewer', 'security-approver'];

/** Who may have scanned or converted what others upload: those who may accept what is not clean. */
export const UPLOAD_SUBMITTERS: readonly Role[] = ['security-approver'];

/**
 * Before somebody reads, goes on with, submits or removes an upload.
 * @param others roles that may do so with the uploads of others, besides administrators
 * @throws ServiceError 403 `not-owner`; `upload-not-found`
 */
export async function checkOwner(
  uploads: Pick<UploadStore, 'owner'>,
  by: Principal,
  id: string,
  others: readonly Role[] = [],
): Promise<void> {
  const owner = await uploads.owner(by.tenant, id);
  if (owner === nameOf(by) || by.roles.some((role) => role === 'admin' || others.includes(role))) return;
  throw new ServiceError(403, 'not-owner', `the upload belongs to ${owner}: only they or an admin may do this`);
}
