import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FileSource } from '../../core/bytes/index.ts';
import { type Artifact, type ArtifactFile, AssayError } from '../../core/index.ts';
import type { UploadFile } from '../../registry/api/index.ts';
import { ServiceError } from '../problems/index.ts';
import {
  absent,
  bytesOfId,
  completePath,
  manifestPath,
  partPath,
  tenantFolder,
  type UploadManifest,
} from './folder.ts';

/**
 * What was uploaded, to be judged on a thread of its own: two small files are read faster than they are waited for.
 * @param root the folder of all uploads
 * @throws ServiceError `upload-not-found`, also for uploads of other tenants; `upload-open`
 */
export function openUpload(root: string, tenant: string, id: string): Artifact {
  const { folder, manifest } = completeUpload(root, tenant, id);
  const ref = `upload:${id}`;
  const files = manifest.files.map((file, index) => artifactFile(folder, index, file));
  const keyed = files.map((file) => ({ file, key: Buffer.from(file.path) }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  return { ref, pinned: ref, files: keyed.map(({ file }) => file), notes: [], close: async () => {} };
}

/** Where the bytes of one of its files are; `undefined` when it has no such file. @throws ServiceError as `openUpload` */
export function uploadedFile(root: string, tenant: string, id: string, path: string): string | undefined {
  const { folder, manifest } = completeUpload(root, tenant, id);
  const index = manifest.files.findIndex((file) => file.path === path);
  return index < 0 ? undefined : resolve(partPath(folder, index));
}

/** All its files: what each is called, and where its bytes are. @throws ServiceError as `openUpload` */
export function uploadedFiles(
  root: string,
  tenant: string,
  id: string,
): readonly { readonly path: string; readonly place: string; readonly bytes: number }[] {
  const { folder, manifest } = completeUpload(root, tenant, id);
  return manifest.files.map(({ path, size }, index) => ({
    path,
    place: resolve(partPath(folder, index)),
    bytes: size,
  }));
}

function completeUpload(
  root: string,
  tenant: string,
  id: string,
): { readonly folder: string; readonly manifest: UploadManifest } {
  const folder = join(tenantFolder(root, tenant), id);
  const manifest = bytesOfId(id) === undefined ? undefined : readManifestNow(folder);
  if (manifest === undefined || manifest.tenant !== tenant) throw noUpload();
  if (statSync(completePath(folder), { throwIfNoEntry: false }) === undefined) {
    throw new ServiceError(409, 'upload-open', 'the upload is not complete: complete it first');
  }
  return { folder, manifest };
}

function readManifestNow(folder: string): UploadManifest | undefined {
  try {
    return JSON.parse(readFileSync(manifestPath(folder), 'utf8'));
  } catch (error) {
    return absent(error);
  }
}

function artifactFile(
  folder: string,
  index: number,
  { path, size, sha256 }: Omit<UploadFile, 'received'>,
): ArtifactFile {
  return {
    path,
    size,
    distance: 'near',
    ...(sha256 === null ? {} : { claimed: { algorithm: 'sha256', hex: sha256 } }),
    async open() {
      const source = FileSource.open(partPath(folder, index));
      if (source.size === size) return source;
      await source.close();
      throw new AssayError('changed', 'differs from the uploaded bytes', { subject: path });
    },
  };
}

export function noUpload(): ServiceError {
  return new ServiceError(404, 'upload-not-found', 'the upload does not exist');
}
