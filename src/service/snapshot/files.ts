import { createHash } from 'node:crypto';
import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOrText } from '../../core/index.ts';
import { peekSnapshot, SNAPSHOT_LIMITS } from '../../snapshot/index.ts';
import type { PublishedSnapshot, SnapshotStore } from './store.ts';

export interface SnapshotStoreOptions {
  /** How often the folder is looked at, milliseconds. */
  readonly pollMs?: number;
  /** A newer one has appeared since the store was opened. */
  readonly onNewer?: (published: PublishedSnapshot) => void;
  /** A file is not a snapshot, or is an older one: the earlier one is delivered. */
  readonly onError?: (message: string) => void;
}

const POLL_MS = 2_000;
const SUFFIX = '.snapshot.json';
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** CWE-770: snapshots in memory. */
const MAX_TENANTS = 1_000;

/**
 * Snapshots that a writer puts into a folder, one file a tenant: `<tenant>.snapshot.json`, as `assay snapshot -o` writes it, whole
 * or not at all. Nothing is verified here: readers of a snapshot have the key of its writer, the service does not.
 */
export async function openSnapshotStore(folder: string, options: SnapshotStoreOptions = {}): Promise<SnapshotStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const store = new SnapshotFiles(folder, options);
  await store.start();
  return store;
}

interface Held {
  readonly published: PublishedSnapshot;
  /** By which the same file is known again. */
  readonly print: string;
}

class SnapshotFiles implements SnapshotStore {
  readonly #folder: string;
  readonly #options: SnapshotStoreOptions;
  readonly #held = new Map<string, Held>();
  /** What was told of already, by tenant. */
  readonly #refused = new Map<string, string>();
  readonly #reading = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();

  constructor(folder: string, options: SnapshotStoreOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#poll(false);
    const again = () => {
      this.#polling = this.#poll(true).finally(() => {
        if (this.#timer !== undefined) this.#wait(again);
      });
    };
    this.#wait(again);
  }

  async newest(tenant: string): Promise<PublishedSnapshot | undefined> {
    if (!TENANT.test(tenant)) return undefined;
    await this.#read(tenant, true);
    return this.#held.get(tenant)?.published;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#polling;
  }

  #wait(again: () => void): void {
    this.#timer = setTimeout(again, this.#options.pollMs ?? POLL_MS);
    this.#timer.unref();
  }

  async #poll(isNews: boolean): Promise<void> {
    try {
      const names = (await readdir(this.#folder)).filter((name) => name.endsWith(SUFFIX)).slice(0, MAX_TENANTS);
      for (const name of names) {
        const tenant = name.slice(0, -SUFFIX.length);
        if (TENANT.test(tenant)) await this.#read(tenant, isNews);
      }
    } catch (error) {
      this.#options.onError?.(`${this.#folder} cannot be read (${codeOrText(error)})`);
    }
  }

  /** One look at a time: who asks meanwhile gets its result. */
  #read(tenant: string, isNews: boolean): Promise<void> {
    const known = this.#reading.get(tenant);
    if (known !== undefined) return known;
    const reading = this.#readFile(tenant, isNews).finally(() => this.#reading.delete(tenant));
    this.#reading.set(tenant, reading);
    return reading;
  }

  async #readFile(tenant: string, isNews: boolean): Promise<void> {
    const held = this.#held.get(tenant);
    try {
      const found = await readWhenOther(join(this.#folder, `${tenant}${SUFFIX}`), held?.print);
      if (found === undefined) return;
      const published = publishedOf(tenant, found.bytes);
      const before = held?.published.version ?? 0;
      if (published.version < before)
        throw new Error(`has version ${published.version}, which is not newer than ${before}`);
      this.#held.set(tenant, { published, print: found.print });
      this.#refused.delete(tenant);
      if (isNews && published.version > before) this.#options.onNewer?.(published);
    } catch (error) {
      this.#refuse(tenant, error);
    }
  }

  #refuse(tenant: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (codeOrText(error) === 'ENOENT' || this.#refused.get(tenant) === message) return;
    this.#refused.set(tenant, message);
    this.#options.onError?.(`${tenant}${SUFFIX}: ${message}`);
  }
}

/** @returns `undefined` when it is the file that was read before */
async function readWhenOther(path: string, before: string | undefined) {
  const file = await open(path);
  try {
    const stat = await file.stat({ bigint: true });
    const print = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
    if (print === before) return undefined;
    if (!stat.isFile()) throw new Error('is not a file');
    if (stat.size > SNAPSHOT_LIMITS.maxBytes) throw new Error(`has more than ${SNAPSHOT_LIMITS.maxBytes} bytes`);
    return { print, bytes: await file.readFile() };
  } finally {
    await file.close();
  }
}

function publishedOf(tenant: string, body: Buffer): PublishedSnapshot {
  const { tenant: own, version, issued, expires } = peekSnapshot(body);
  if (own !== tenant) throw new Error(`belongs to the tenant ${JSON.stringify(own)}`);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  return { tenant, version, etag, body, issued, expires };
}
