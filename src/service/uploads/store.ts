import type { Readable } from 'node:stream';
import type { Upload, UploadFile } from '../../registry/api/index.ts';

/**
 * Uploaded bytes, below one folder, separately for each upload. Quotas, names and sizes are checked before anything is written.
 */
export interface UploadStore {
  /** @param owner who alone may go on with it: a name that is unique in the tenant; `by` when absent */
  create(tenant: string, by: string, files: readonly Omit<UploadFile, 'received'>[], owner?: string): Promise<Upload>;
  owner(tenant: string, id: string): Promise<string>;
  get(tenant: string, id: string): Promise<Upload>;
  /** One of its files, by its number from 0: what many pieces cost little with. */
  file(tenant: string, id: string, index: number): Promise<UploadFile>;
  /** Appends at `offset`, which has to be what was received so far. */
  append(
    tenant: string,
    id: string,
    path: string,
    offset: number,
    body: Readable,
    signal?: AbortSignal,
  ): Promise<UploadFile>;
  complete(tenant: string, id: string): Promise<Upload>;
  remove(tenant: string, id: string): Promise<void>;
  /** Removes abandoned uploads and uploads that are no longer needed. */
  sweep(now: Date): Promise<void>;
}
