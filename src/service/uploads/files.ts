import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { AssayError } from '../../core/index.ts';
import type { Upload, UploadFile } from '../../registry/api/index.ts';
import type { ServiceLimits } from '../config.ts';
import { ServiceError } from '../problems/index.ts';
import { noUpload } from './artifact.ts';
import { checkWhole, seal } from './complete.ts';
import {
  absent,
  bytesOfId,
  isUploadComplete,
  makeFolder,
  markComplete,
  openPart,
  readUploadManifest,
  receivedOf,
  setReceived,
  storageError,
  tenantFolder,
  type UploadManifest,
  uploadId,
} from './folder.ts';
import { checkUploadNames } from './names.ts';
import type { UploadStore } from './store.ts';

export interface UploadLimits extends Pick<ServiceLimits, 'maxUploadBytes' | 'maxUploadFiles'> {
  /** Bytes of all uploads of a tenant; sixteen of the largest when absent. */
  readonly maxTenantBytes?: number;
  /** Uploads that a tenant may have at a time. */
  readonly maxTenantUploads?: number;
  /** How long an upload that nobody goes on with is kept. */
  readonly abandonedMs?: number;
  /** How long a complete one is kept. */
  readonly keepMs?: number;
  /** Free bytes of the disk that a folder is on. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

const HOUR = 3_600_000;
/** The part of the free disk, with what it has already, that the uploads of one tenant may take. */
const MAX_SHARE = 0.5;
const DEFAULTS = { maxTenantUploads: 10_000, abandonedMs: 24 * HOUR, keepMs: 30 * 24 * HOUR, freeBytes };
/** Manifests kept in memory, so that a piece of a file does not cost reading the names of all. */
const MAX_KNOWN = 256;

/** Uploads below one folder, which other processes may share. @param folder is made when it is missing */
export async function openUploadStore(folder: string, limits: UploadLimits): Promise<UploadStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return new FileUploadStore(folder, { ...DEFAULTS, maxTenantBytes: 16 * limits.maxUploadBytes, ...limits });
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Bytes of a tenant's uploads that are on the disk. */
async function writtenBelow(home: string): Promise<number> {
  let written = 0;
  for (const id of await readdir(home).catch(absentFolder)) {
    const announced = bytesOfId(id);
    if (announced === undefined) continue;
    const folder = join(home, id);
    if (await isUploadComplete(folder)) written += announced;
    else {
      const { files = [] } = (await readUploadManifest(folder)) ?? {};
      for (const index of files.keys()) written += await receivedOf(folder, index);
    }
  }
  return written;
}

class FileUploadStore implements UploadStore {
  readonly #root: string;
  readonly #limits: Required<UploadLimits>;
  readonly #known = new Map<string, UploadManifest>();
  /** Files that are written, and folders that are completed: `<folder>` or `<folder>#<index>`. */
  readonly #busy = new Set<string>();
  /** Ends when the last `create` of a tenant has: quotas are counted one after the other. */
  readonly #creating = new Map<string, Promise<unknown>>();

  constructor(root: string, limits: Required<UploadLimits>) {
    this.#root = root;
    this.#limits = limits;
  }

  async create(
    tenant: string,
    by: string,
    files: readonly Omit<UploadFile, 'received'>[],
    owner = by,
  ): Promise<Upload> {
    const bytes = this.#announced(files);
    checkUploadNames(files);
    const home = tenantFolder(this.#root, tenant);
    const before = this.#creating.get(home) ?? Promise.resolve();
    const made = before
      .catch(() => undefined)
      .then(() => this.#make(home, bytes, { tenant, createdBy: by, owner, files }));
    this.#creating.set(home, made);
    try {
      return await made;
    } catch (error) {
      throw storageError(error);
    } finally {
      if (this.#creating.get(home) === made) this.#creating.delete(home);
    }
  }

  async get(tenant: string, id: string): Promise<Upload> {
    const { folder, manifest } = await this.#find(tenant, id);
    const complete = await isUploadComplete(folder);
    const files: UploadFile[] = [];
    for (const [index, file] of manifest.files.entries()) {
      files.push({ ...file, received: complete ? file.size : await receivedOf(folder, index) });
    }
    const { owner: _, ...shown } = manifest;
    return { ...shown, state: complete ? 'complete' : 'open', files };
  }

  async owner(tenant: string, id: string): Promise<string> {
    const { manifest } = await this.#find(tenant, id);
    return manifest.owner ?? manifest.createdBy;
  }

  async file(tenant: string, id: string, index: number): Promise<UploadFile> {
    const { folder, manifest } = await this.#find(tenant, id);
    const file = manifest.files[index];
    if (file === undefined) throw noFile();
    return { ...file, received: (await isUploadComplete(folder)) ? file.size : await receivedOf(folder, index) };
  }

  async append(
    tenant: string,
    id: string,
    path: string,
    offset: number,
    body: Readable,
    signal?: AbortSignal,
  ): Promise<UploadFile> {
    const { folder, manifest } = await this.#find(tenant, id);
    const index = manifest.files.findIndex((file) => file.path === path);
    const file = manifest.files[index];
    if (file === undefined) throw noFile();
    return this.#alone([`${folder}#${index}`], [folder], async () => {
      if (await isUploadComplete(folder)) throw isClosed();
      const before = await receivedOf(folder, index);
      if (before !== offset) {
        throw new ServiceError(409, 'upload-offset', `${before} bytes were received so far: continue from there`);
      }
      const received = await this.#write({ folder, index, offset, size: file.size }, body, signal);
      return { ...file, received };
    });
  }

  async complete(tenant: string, id: string): Promise<Upload> {
    const { folder, manifest } = await this.#find(tenant, id);
    const held = manifest.files.map((_, index) => `${folder}#${index}`);
    return this.#alone([folder], held, async () => {
      if (!(await isUploadComplete(folder))) {
        for (const [index, file] of manifest.files.entries()) await checkWhole(folder, index, file);
        for (const [index, file] of manifest.files.entries()) await seal(folder, index, file);
        await markComplete(folder);
      }
      return this.get(tenant, id);
    });
  }

  async remove(tenant: string, id: string): Promise<void> {
    const { folder } = await this.#find(tenant, id);
    await this.#drop(folder);
  }

  async sweep(now: Date): Promise<void> {
    for (const home of await readdir(this.#root)) {
      for (const name of await readdir(join(this.#root, home)).catch(absentFolder)) {
        const folder = join(this.#root, home, name);
        if (await this.#isOver(folder, name, now)) await this.#drop(folder);
      }
    }
  }

  async #isOver(folder: string, name: string, now: Date): Promise<boolean> {
    const { abandonedMs, keepMs } = this.#limits;
    if (name.startsWith('.')) return older(folder, now, HOUR);
    if (await isUploadComplete(folder)) return older(join(folder, 'complete'), now, keepMs);
    return older(join(folder, 'parts'), now, abandonedMs);
  }

  /** @throws ServiceError when more is announced than one upload may have */
  #announced(files: readonly Omit<UploadFile, 'received'>[]): number {
    const { maxUploadFiles, maxUploadBytes } = this.#limits;
    if (files.length === 0) throw new ServiceError(422, 'upload-empty', 'an upload has at least one file');
    if (files.length > maxUploadFiles)
      throw new ServiceError(413, 'upload-too-large', `an upload has at most ${maxUploadFiles} files`);
    let bytes = 0;
    for (const { size } of files) {
      if (!Number.isSafeInteger(size) || size < 0) throw new ServiceError(422, 'upload-size', 'a size is not a number');
      bytes += size;
      if (bytes > maxUploadBytes)
        throw new ServiceError(413, 'upload-too-large', `an upload has at most ${maxUploadBytes} bytes`);
    }
    return bytes;
  }

  async #make(
    home: string,
    bytes: number,
    request: Pick<UploadManifest, 'tenant' | 'createdBy' | 'owner' | 'files'>,
  ): Promise<Upload> {
    await this.#checkQuota(home, bytes);
    await mkdir(home, { recursive: true, mode: 0o700 });
    const id = uploadId(randomBytes(16).toString('hex'), bytes);
    const files = request.files.map(({ path, size, sha256 }) => ({ path, size, sha256 }));
    const manifest: UploadManifest = { id, ...request, files, createdAt: new Date().toISOString() };
    await makeFolder(home, manifest);
    const { owner: _, ...shown } = manifest;
    return { ...shown, state: 'open', files: files.map((file) => ({ ...file, received: 0 })) };
  }

  async #checkQuota(home: string, bytes: number): Promise<void> {
    const { maxTenantBytes, maxTenantUploads } = this.#limits;
    const sizes = (await readdir(home).catch(absentFolder)).flatMap((name) => bytesOfId(name) ?? []);
    if (sizes.length >= maxTenantUploads)
      throw new ServiceError(413, 'upload-quota', `you may have ${maxTenantUploads} uploads at a time; remove some`);
    const stored = sizes.reduce((sum, size) => sum + size, 0);
    if (stored + bytes > maxTenantBytes) {
      const left = Math.max(0, maxTenantBytes - stored);
      throw new ServiceError(413, 'upload-quota', `your uploads may have ${left} more bytes; remove some`);
    }
    const free = await this.#limits.freeBytes(this.#root);
    if (bytes > free) throw new ServiceError(507, 'storage-full', 'the service has too little disk space left');
    // What one tenant announces never takes the room of all others. What it wrote is looked up where that decides.
    const announced = stored + bytes;
    if (announced <= free * MAX_SHARE) return;
    const share = Math.floor((free + (await writtenBelow(home))) * MAX_SHARE);
    if (announced > share)
      throw new ServiceError(
        413,
        'upload-quota',
        `your uploads may take ${share} bytes of the space left; remove some`,
      );
  }

  async #write(
    part: { readonly folder: string; readonly index: number; readonly offset: number; readonly size: number },
    body: Readable,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const file = await openPart(part.folder, part.index, part.offset);
    let at = part.offset;
    let failure: unknown;
    try {
      try {
        for await (const chunk of body) {
          signal?.throwIfAborted();
          if (!(chunk instanceof Uint8Array)) throw new AssayError('internal', 'the body is not binary');
          // Nothing of a request that sends too much counts.
          if (at + chunk.length > part.size) throw tooLong(part.size);
          await file.write(chunk, 0, chunk.length, at);
          at += chunk.length;
        }
      } catch (error) {
        failure = error;
        if (error instanceof ServiceError || error instanceof AssayError) at = part.offset;
      }
      await file.truncate(at);
      await file.datasync();
      if (at > part.offset) await setReceived(part.folder, part.index, at);
    } catch (error) {
      throw storageError(failure ?? error);
    } finally {
      await file.close();
    }
    if (failure === undefined) return at;
    const known = storageError(failure);
    if (known instanceof ServiceError || known instanceof AssayError) throw known;
    // Bytes received before the connection broke are kept: the sender requests the offset and continues.
    throw new ServiceError(400, 'upload-cut', `the body was cut off: ${at} bytes were received so far`, {
      cause: failure,
    });
  }

  /** Of two requests that change the same upload, the second is refused. */
  async #alone<T>(keys: readonly string[], also: readonly string[], work: () => Promise<T>): Promise<T> {
    if ([...keys, ...also].some((key) => this.#busy.has(key)))
      throw new ServiceError(409, 'upload-busy', 'another request is writing this; wait for its end');
    for (const key of keys) this.#busy.add(key);
    try {
      return await work();
    } finally {
      for (const key of keys) this.#busy.delete(key);
    }
  }

  /** @throws ServiceError `upload-not-found`, also for uploads of other tenants */
  async #find(tenant: string, id: string): Promise<{ folder: string; manifest: UploadManifest }> {
    if (bytesOfId(id) === undefined) throw noUpload();
    const folder = join(tenantFolder(this.#root, tenant), id);
    const known = this.#known.get(folder);
    if (known !== undefined && (await stat(folder).catch(absent)) !== undefined) return { folder, manifest: known };
    const manifest = await readUploadManifest(folder);
    if (manifest === undefined || manifest.tenant !== tenant) throw noUpload();
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= MAX_KNOWN) this.#known.delete(oldest);
    this.#known.set(folder, manifest);
    return { folder, manifest };
  }

  /** Gone for everybody at once, whatever time its bytes take. */
  async #drop(folder: string): Promise<void> {
    this.#known.delete(folder);
    const gone = join(folder, '..', `.${randomBytes(8).toString('hex')}.gone`);
    await rename(folder, gone).catch(absent);
    await rm(gone, { recursive: true, force: true });
  }
}

async function older(path: string, now: Date, ms: number): Promise<boolean> {
  const found = await stat(path).catch(absent);
  return found !== undefined && now.getTime() - found.mtimeMs > ms;
}

function absentFolder(error: unknown): string[] {
  return absent(error) ?? [];
}

function noFile(): ServiceError {
  return new ServiceError(404, 'upload-file-not-found', 'the upload has no such file');
}

function isClosed(): ServiceError {
  return new ServiceError(409, 'upload-complete', 'the upload is complete: start another');
}

function tooLong(size: number): ServiceError {
  return new ServiceError(
    413,
    'upload-too-long',
    `the body has more than the announced ${size} bytes; none were stored`,
  );
}
