import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal, Role } from '../../../src/registry/index.ts';
import type { ServiceConfig } from '../../../src/service/config.ts';
import { FakeHub } from '../../support/fake-hub.ts';
import { until } from '../../support/until.ts';
import { startTestService, type TestService } from '../routes/harness.ts';

export const TENANT = 'acme';
/** The token of the Hub behind the proxy: only the proxy can send it, and only there. */
export const HUB_TOKEN = 'hf_upstream_s3cret';

export const HAND_OUT: ServiceConfig['handOut'] = {
  stage: 'production',
  scanOnMiss: false,
  cacheBytes: 1024 * 1024 * 1024,
  prefetch: false,
  clientRequests: 64,
  clientBytesPerMinute: 64 * 1024 ** 3,
  mlflowStage: 'candidate',
  mlflowAlias: 'assay-allowed',
};

export interface ProxyOptions {
  readonly handOut?: Partial<ServiceConfig['handOut']>;
  readonly credentials?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly config?: Partial<Omit<ServiceConfig, 'database' | 'queue'>>;
}

/** The real service as a proxy of a Hub, with a worker that scans the Hub's models. */
export class ProxyKit {
  readonly folder: string;
  readonly hub: FakeHub;
  readonly service: TestService;
  readonly #options: ProxyOptions;

  private constructor(folder: string, hub: FakeHub, service: TestService, options: ProxyOptions) {
    this.folder = folder;
    this.hub = hub;
    this.service = service;
    this.#options = options;
  }

  static async start(options: ProxyOptions = {}): Promise<ProxyKit> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-hub-proxy-'));
    const hub = await FakeHub.start({ token: HUB_TOKEN, pageSize: 3 });
    return new ProxyKit(folder, hub, await serve(folder, hub, options), options);
  }

  /** Another process with the same registry and cache. */
  another(options: ProxyOptions = this.#options): Promise<TestService> {
    return serve(this.folder, this.hub, options);
  }

  /** The value of `HF_ENDPOINT` that clients set. */
  get endpoint(): string {
    return `${this.service.url}/hub`;
  }

  async token(name: string, roles: readonly Role[] = ['gate'], tenant = TENANT): Promise<string> {
    return (await this.service.as(name, roles, tenant)).token;
  }

  /** Scans a model. @returns the id of the version */
  async scan(ref: string, tenant = TENANT): Promise<string> {
    const { registry } = this.service;
    const client = await this.service.as(`scans ${ref} for ${tenant}`, ['submitter'], tenant);
    const { status, body } = await client.call('POST', '/v1/jobs', { ref });
    if (status !== 202) throw new Error(JSON.stringify(body));
    let job = await registry.jobs.get(person('waiter', [], tenant), body.id);
    await until(`the scan of ${ref} ends`, async () => {
      job = await registry.jobs.get(person('waiter', [], tenant), body.id);
      return job.state === 'done' || job.state === 'failed';
    });
    if (job.version === null) throw new Error(JSON.stringify(job.error));
    return job.version;
  }

  /** Requests each stage as one person and approves as others. */
  async approve(version: string, tenant = TENANT): Promise<void> {
    const { registry } = this.service;
    const sam = person('sam', ['submitter'], tenant);
    for (const [to, roles] of [
      ['staging', ['reviewer']],
      ['production', ['reviewer', 'security-approver']],
    ] as const) {
      const { id } = await registry.requestTransition(sam, version, to, 'please');
      for (const role of roles) {
        await registry.vote(person(`${role} of all`, [role], tenant), id, { vote: 'approve', role, comment: 'fine' });
      }
    }
  }

  async scanAndApprove(ref: string, tenant = TENANT): Promise<string> {
    const version = await this.scan(ref, tenant);
    await this.approve(version, tenant);
    return version;
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.hub.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function person(subject: string, roles: readonly Role[], tenant = TENANT): Principal {
  return { tenant, subject, issuer: 'https://login.example', roles, via: 'oidc' };
}

function serve(folder: string, hub: FakeHub, options: ProxyOptions): Promise<TestService> {
  const own = options.credentials ?? {};
  const credentials = { ...own, [TENANT]: { HF_TOKEN: HUB_TOKEN, ...own[TENANT] } };
  writeFileSync(join(folder, 'credentials.json'), JSON.stringify(credentials));
  const ground = { database: `sqlite:${join(folder, 'registry.db')}`, queue: 'embedded' };
  const handOut = { ...HAND_OUT, ...options.handOut };
  return startTestService(ground, { hubEndpoint: hub.endpoint, dataFolder: folder, handOut, ...options.config });
}
