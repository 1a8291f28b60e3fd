import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJson, writeJson } from '../hub-proxy/index.ts';

const ToldSchema = v.object({
  decision: v.picklist(['allow', 'warn', 'deny', 'not-assessed']),
  digest: v.string(),
  report: v.string(),
  reason: v.string(),
});
const LinkSchema = v.object({
  name: v.string(),
  version: v.string(),
  /** That scans it. */
  job: v.string(),
  /** Id of the version here that its bytes are, once they are scanned. */
  here: v.nullable(v.string()),
  told: v.nullable(ToldSchema),
});

/** The state that MLflow gets for one of its versions. */
export type SyncedVersion = v.InferOutput<typeof ToldSchema>;
/** A version of MLflow, and what it is here. */
export type MlflowLink = v.InferOutput<typeof LinkSchema>;

/** The versions of MLflow that one tenant was told of. */
export class MlflowLinks {
  readonly #folder: string;

  constructor(dataFolder: string, tenant: string) {
    this.#folder = join(dataFolder, 'gate', tenant, 'mlflow');
  }

  async all(): Promise<MlflowLink[]> {
    const links: MlflowLink[] = [];
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const link = name.endsWith('.json') ? await readJson(join(this.#folder, name), LinkSchema) : undefined;
      if (link !== undefined) links.push(link);
    }
    return links;
  }

  write(link: MlflowLink): Promise<void> {
    return writeJson(this.#pathOf(link), link);
  }

  remove(link: MlflowLink): Promise<void> {
    return rm(this.#pathOf(link), { force: true });
  }

  #pathOf({ name, version }: MlflowLink): string {
    return join(this.#folder, `${createHash('sha256').update(linkKey({ name, version })).digest('hex')}.json`);
  }
}

export function linkKey({ name, version }: Pick<MlflowLink, 'name' | 'version'>): string {
  return JSON.stringify([name, version]);
}
