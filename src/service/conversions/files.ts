import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../core/bytes/index.ts';
import type { Conversion } from '../../core/conversion/index.ts';
import { isArtifactPath } from '../../core/reference/index.ts';
import type { ServiceLimits } from '../config.ts';
import { ServiceError } from '../problems/index.ts';
import {
  attemptName,
  bytesOfName,
  isAttemptOf,
  orMissing,
  resultName,
  settle,
  syncTree,
  tenantHome,
} from './folder.ts';
import type { ConversionAttempt, ConversionStore, ConvertedDownload, KeptConversion } from './store.ts';

export interface ConversionLimits extends Pick<ServiceLimits, 'maxUploadBytes'> {
  /** Bytes of all results of a tenant; sixteen of the largest when orMissing. */
  readonly maxTenantBytes?: number;
  readonly maxTenantResults?: number;
  /** How long a result is kept. */
  readonly keepMs?: number;
  /** Bytes of the disk that stay free. */
  readonly reserveBytes?: number;
  /** How often the disk is looked at while an attempt writes. */
  readonly watchMs?: number;
  /** Free bytes of the disk that a folder is on. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

const HOUR = 3_600_000;
/** An attempt says this often that it lives, and counts as dead after an hour. */
const ALIVE_MS = 60_000;
/** Names that are asked for at a time. */
const ASKED = 200;
const REPORT = 'report.json';

const DEFAULTS = {
  maxTenantResults: 10_000,
  keepMs: 30 * 24 * HOUR,
  reserveBytes: 256 * 1024 * 1024,
  watchMs: 1_000,
  freeBytes,
};

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Results below one folder, which other processes may share. @param folder is made when it is missing */
export async function openConversionStore(folder: string, limits: ConversionLimits): Promise<ConversionStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return new FileConversionStore(folder, { ...DEFAULTS, maxTenantBytes: 16 * limits.maxUploadBytes, ...limits });
}

class FileConversionStore implements ConversionStore {
  readonly #root: string;
  readonly #limits: Required<ConversionLimits>;

  constructor(root: string, limits: Required<ConversionLimits>) {
    this.#root = root;
    this.#limits = limits;
  }

  async checkRoom(tenant: string): Promise<void> {
    await this.#room(tenant);
  }

  async begin(tenant: string, job: string): Promise<ConversionAttempt> {
    const maxBytes = await this.#room(tenant);
    const home = tenantHome(this.#root, tenant);
    await mkdir(home, { recursive: true, mode: 0o700 });
    for (const name of await readdir(home))
      if (isAttemptOf(name, job)) await rm(join(home, name), { recursive: true, force: true });
    const folder = join(home, attemptName(job));
    const files = join(folder, 'files');
    await mkdir(files, { recursive: true, mode: 0o700 });
    const full = new AbortController();
    const watch = setInterval(() => void this.#watch(folder, full), this.#limits.watchMs);
    const alive = setInterval(() => void utimes(folder, new Date(), new Date()).catch(ignored), ALIVE_MS);
    const stop = () => {
      clearInterval(watch);
      clearInterval(alive);
    };
    return {
      files,
      maxBytes,
      full: full.signal,
      async keep(conversion) {
        stop();
        await writeWhole(join(folder, REPORT), reportText(conversion), 0o600);
        const name = resultName(await syncTree(folder));
        await settle(folder, home, name);
        return name;
      },
      async discard() {
        stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  }

  async kept(tenant: string, name: string): Promise<KeptConversion | undefined> {
    const folder = this.#folderOf(tenant, name);
    const report = await readFile(join(folder, REPORT), 'utf8').catch(orMissing);
    const found = await stat(join(folder, REPORT)).catch(orMissing);
    if (report === undefined || found === undefined) return undefined;
    const conversion: Conversion = JSON.parse(report);
    const until = new Date(found.mtimeMs + this.#limits.keepMs);
    return { report, conversion, downloads: await downloadsOf(folder, conversion), until };
  }

  async open(tenant: string, name: string, { path, size }: ConvertedDownload): Promise<FileHandle> {
    if (!isArtifactPath(path)) throw gone();
    const place = join(this.#folderOf(tenant, name), 'files', ...path.split('/'));
    const file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW).catch(orMissing);
    if (file === undefined) throw gone();
    if ((await file.stat()).size === size) return file;
    await file.close();
    throw gone();
  }

  async remove(tenant: string, name: string): Promise<void> {
    await drop(this.#folderOf(tenant, name));
  }

  async sweep(now: Date, belongingAmong: (names: readonly string[]) => Promise<ReadonlySet<string>>): Promise<void> {
    for (const tenant of await readdir(this.#root)) {
      const home = join(this.#root, tenant);
      const names = await readdir(home).catch(absentNames);
      for (const name of names)
        if (bytesOfName(name) === undefined && (await isOlder(join(home, name), now, HOUR)))
          await drop(join(home, name));
      const results = names.filter((name) => bytesOfName(name) !== undefined);
      for (let at = 0; at < results.length; at += ASKED) {
        const some = results.slice(at, at + ASKED);
        const belonging = await belongingAmong(some);
        for (const name of some) {
          // What no job has may be about to get one.
          const ms = belonging.has(name) ? this.#limits.keepMs : HOUR;
          if (await isOlder(join(home, name, REPORT), now, ms)) await drop(join(home, name));
        }
      }
    }
  }

  /** The bytes that a result of the tenant may have. */
  async #room(tenant: string): Promise<number> {
    const { maxTenantBytes, maxTenantResults, maxUploadBytes, reserveBytes } = this.#limits;
    const names = await readdir(tenantHome(this.#root, tenant)).catch(absentNames);
    const sizes = names.flatMap((name) => bytesOfName(name) ?? []);
    const left = maxTenantBytes - sizes.reduce((sum, size) => sum + size, 0);
    if (sizes.length >= maxTenantResults || left <= 0)
      throw new ServiceError(
        413,
        'conversion-quota',
        'your conversions take all the space that you may use; remove some',
      );
    const free = (await this.#limits.freeBytes(this.#root)) - reserveBytes;
    if (free <= 0) throw full();
    return Math.min(maxUploadBytes, left, free);
  }

  async #watch(folder: string, full: AbortController): Promise<void> {
    const free = await this.#limits.freeBytes(folder).catch(ignored);
    if (free !== undefined && free < this.#limits.reserveBytes) full.abort();
  }

  #folderOf(tenant: string, name: string): string {
    if (bytesOfName(name) === undefined) throw gone();
    return join(tenantHome(this.#root, tenant), name);
  }
}

/** What the command line writes to `--report`. */
function reportText(conversion: Conversion): string {
  return `${JSON.stringify(conversion, undefined, 2)}\n`;
}

/** Everything that was published: models, texts beside them, the attestation. */
async function downloadsOf(
  folder: string,
  { published, files, indexes, attestation }: Conversion,
): Promise<readonly ConvertedDownload[]> {
  if (!published) return [];
  const texts = [...indexes, ...(attestation === null ? [] : [attestation])];
  const sized: ConvertedDownload[] = files.map(({ path, size, sha256 }) => ({ path, size, sha256 }));
  for (const { path, sha256 } of texts) {
    const found = await stat(join(folder, 'files', ...path.split('/'))).catch(orMissing);
    if (found !== undefined) sized.push({ path, size: found.size, sha256 });
  }
  return sized;
}

/** Gone for everybody at once, whatever time its bytes take. */
async function drop(folder: string): Promise<void> {
  const going = join(folder, '..', `.${resultName(0)}.gone`);
  await rename(folder, going).catch(orMissing);
  await rm(going, { recursive: true, force: true });
}

async function isOlder(path: string, now: Date, ms: number): Promise<boolean> {
  const found = await stat(path).catch(orMissing);
  return found !== undefined && now.getTime() - found.mtimeMs > ms;
}

function absentNames(error: unknown): string[] {
  return orMissing(error) ?? [];
}

/** For looks that are repeated: the next one tells. */
function ignored(): undefined {
  return undefined;
}

function gone(): ServiceError {
  return new ServiceError(410, 'conversion-removed', 'the files of the conversion were removed: convert it again');
}

export function full(): ServiceError {
  return new ServiceError(507, 'storage-full', 'the service has too little disk space left');
}
