import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  type Job,
  type JobState,
  loadRegistryRules,
  openRegistry,
  type Registry,
} from '../../../src/registry/index.ts';
import type { ServiceConfig } from '../../../src/service/config.ts';
import { openQueue, type Queue } from '../../../src/service/queue/index.ts';
import { openUploadStore } from '../../../src/service/uploads/files.ts';
import type { UploadStore } from '../../../src/service/uploads/store.ts';
import { workOnScans } from '../../../src/service/worker/index.ts';
import { testConfig } from '../../support/service.ts';
import { until } from '../../support/until.ts';
import { submitter } from '../queue/backends.ts';

/** A registry on SQLite with its queue, its uploads, and a running worker. */
export class Workshop {
  readonly config: ServiceConfig;
  readonly registry: Registry;
  readonly queue: Queue;
  readonly uploads: UploadStore;
  readonly told: string[] = [];
  readonly #stop = new AbortController();
  readonly #working: Promise<void>;

  private constructor(config: ServiceConfig, registry: Registry, queue: Queue, uploads: UploadStore, leaseMs: number) {
    this.config = config;
    this.registry = registry;
    this.queue = queue;
    this.uploads = uploads;
    const tell = (message: string) => void this.told.push(message);
    const options = { concurrency: 2, signal: this.#stop.signal, tell, leaseMs, graceMs: 200 };
    this.#working = workOnScans({ config, registry, queue }, options);
  }

  static async open(folder: string, changes: Partial<ServiceConfig> = {}, leaseMs = 30_000): Promise<Workshop> {
    const config = await testConfig(folder, changes);
    const uploads = await openUploadStore(join(folder, 'uploads'), config.limits);
    const registry = await openRegistry({ database: config.database, rules: await loadRegistryRules(null) });
    const queue = await openQueue(config, registry, () => undefined);
    return new Workshop(config, registry, queue, uploads, leaseMs);
  }

  /** The id of a complete upload. */
  async upload(files: Readonly<Record<string, Uint8Array>>, tenant = submitter.tenant): Promise<string> {
    const wanted = Object.entries(files).map(([path, bytes]) => ({ path, size: bytes.length, sha256: null }));
    const { id } = await this.uploads.create(tenant, 'sam', wanted);
    for (const [path, bytes] of Object.entries(files)) {
      if (bytes.length > 0) await this.uploads.append(tenant, id, path, 0, Readable.from([bytes]));
    }
    await this.uploads.complete(tenant, id);
    return id;
  }

  async submit(target: string, tenant = submitter.tenant): Promise<Job> {
    const request = { target, model: 'acme/model', ruleset: 'test' };
    const { job } = await this.registry.jobs.create({ ...submitter, tenant }, request);
    await this.queue.enqueue(job);
    return job;
  }

  async reached({ id, tenant }: Job, ...states: JobState[]): Promise<Job> {
    const get = () => this.registry.jobs.get({ ...submitter, tenant }, id);
    let job = await get();
    await until(`the job becomes ${states.join()}`, async () => {
      job = await get();
      return states.includes(job.state);
    });
    return job;
  }

  /** Submits, and waits for the end. */
  async run(target: string, tenant?: string): Promise<Job> {
    return this.reached(await this.submit(target, tenant), 'done', 'failed', 'cancelled');
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#working;
    await this.queue.close();
    await this.registry.close();
  }
}

export function fixture(path: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/${path}`, import.meta.url));
}
