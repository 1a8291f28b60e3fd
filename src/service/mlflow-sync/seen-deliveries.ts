import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/index.ts';

/** Pruned when so many were let in since. */
const PRUNE_EVERY = 200;

/** Deliveries that were let in, each once: in a folder, so that neither a restart nor another process lets one in again. */
export class SeenDeliveries {
  readonly #folder: string;
  readonly #keepMs: number;
  #sincePrune = 0;

  /** @param keepMs how long a delivery is remembered: longer than its timestamp is accepted */
  constructor(folder: string, keepMs: number) {
    this.#folder = folder;
    this.#keepMs = keepMs;
  }

  /** @returns a function that forgets it, for a delivery that failed; `undefined` for one that was let in before */
  async admit(id: string): Promise<(() => Promise<void>) | undefined> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, createHash('sha256').update(id).digest('hex'));
    try {
      await writeFile(path, '', { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return undefined;
      throw error;
    }
    if (++this.#sincePrune >= PRUNE_EVERY) await this.#prune();
    return () => rm(path, { force: true });
  }

  async #prune(): Promise<void> {
    this.#sincePrune = 0;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const known = await stat(path).catch(() => undefined);
      if (known !== undefined && Date.now() - known.mtimeMs > this.#keepMs) await rm(path, { force: true });
    }
  }
}
