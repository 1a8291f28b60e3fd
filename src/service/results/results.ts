import { mkdir, readdir, readFile, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../core/bytes/index.ts';
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

export interface ResultLimits extends Pick<ServiceLimits, 'maxUploadBytes'> {
  /** Bytes of all results of a tenant; sixteen of the largest when absent. */
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

/** What an attempt of a job writes: of nobody until the registry names it. */
export interface ResultAttempt {
  /** An empty folder for the files. */
  readonly files: string;
  /** The bytes that may be written; never more than the disk has. */
  readonly maxBytes: number;
  /** Fires when the disk is about to be full. */
  readonly full: AbortSignal;
  /**
   * Stores the files with texts beside them, durably.
   * @param texts by their names; `REPORT` is one of them
   * @returns the name by which the registry is to name it
   */
  keep(texts: Readonly<Record<string, string>>): Promise<string>;
  /** Removes what was not kept. */
  discard(): Promise<void>;
}

/** A result that is there. */
export interface KeptResult {
  readonly folder: string;
  readonly report: string;
  readonly until: Date;
}

/** The errors of a store: it is full, and a result was removed. */
export interface ResultWords {
  readonly quota: readonly [code: 'conversion-quota' | 'test-quota' | 'data-quota', message: string];
  readonly gone: readonly [code: 'conversion-removed' | 'test-removed' | 'data-removed', message: string];
}

/** The text that every result has; its age is that of the result. */
export const REPORT = 'report.json';

const HOUR = 3_600_000;
/** An attempt says this often that it lives, and counts as dead after an hour. */
const ALIVE_MS = 60_000;
/** Names that are asked for at a time. */
const ASKED = 200;

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

/** Results of jobs below one folder, which the API and the workers share. */
export class Results {
  readonly #root: string;
  readonly #limits: Required<ResultLimits>;
  readonly #words: ResultWords;

  private constructor(root: string, limits: Required<ResultLimits>, words: ResultWords) {
    this.#root = root;
    this.#limits = limits;
    this.#words = words;
  }

  /** @param folder is made when it is missing */
  static async open(folder: string, limits: ResultLimits, words: ResultWords): Promise<Results> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new Results(folder, { ...DEFAULTS, maxTenantBytes: 16 * limits.maxUploadBytes, ...limits }, words);
  }

  /** @throws ServiceError of the quota, `storage-full` */
  async checkRoom(tenant: string): Promise<void> {
    await this.#room(tenant);
  }

  /** Begins an attempt; what earlier attempts of the job left is removed. @throws ServiceError as `checkRoom` */
  async begin(tenant: string, job: string): Promise<ResultAttempt> {
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
      async keep(texts) {
        stop();
        for (const [name, text] of Object.entries(texts)) await writeWhole(join(folder, name), text, 0o600);
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

  /** `undefined` when its time is over. @param name as the registry has it */
  async kept(tenant: string, name: string): Promise<KeptResult | undefined> {
    const folder = this.folderOf(tenant, name);
    const report = await readFile(join(folder, REPORT), 'utf8').catch(orMissing);
    const found = await stat(join(folder, REPORT)).catch(orMissing);
    if (report === undefined || found === undefined) return undefined;
    return { folder, report, until: new Date(found.mtimeMs + this.#limits.keepMs) };
  }

  async remove(tenant: string, name: string): Promise<void> {
    await drop(this.folderOf(tenant, name));
  }

  /** Removes results whose time is over, those that no job has, and what killed workers left. */
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

  /** @throws ServiceError that it is gone, for what is not the name of a result */
  folderOf(tenant: string, name: string): string {
    if (bytesOfName(name) === undefined) throw this.gone();
    return join(tenantHome(this.#root, tenant), name);
  }

  gone(): ServiceError {
    return new ServiceError(410, ...this.#words.gone);
  }

  /** The bytes that a result of the tenant may have. */
  async #room(tenant: string): Promise<number> {
    const { maxTenantBytes, maxTenantResults, maxUploadBytes, reserveBytes } = this.#limits;
    const names = await readdir(tenantHome(this.#root, tenant)).catch(absentNames);
    const sizes = names.flatMap((name) => bytesOfName(name) ?? []);
    const left = maxTenantBytes - sizes.reduce((sum, size) => sum + size, 0);
    if (sizes.length >= maxTenantResults || left <= 0) throw new ServiceError(413, ...this.#words.quota);
    const free = (await this.#limits.freeBytes(this.#root)) - reserveBytes;
    if (free <= 0) throw full();
    return Math.min(maxUploadBytes, left, free);
  }

  async #watch(folder: string, full: AbortController): Promise<void> {
    const free = await this.#limits.freeBytes(folder).catch(ignored);
    if (free !== undefined && free < this.#limits.reserveBytes) full.abort();
  }
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

function full(): ServiceError {
  return new ServiceError(507, 'storage-full', 'the service has too little disk space left');
}
