import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '../../src/registry/index.ts';
import { type RunningService, readConfig, startService } from '../../src/service/index.ts';
import { daysFromNow } from '../support/days.ts';
import { TOKEN_OWNERS, UNLIMITED } from '../support/service.ts';
import { until } from '../support/until.ts';

const RULES = `version: 1
stages:
  candidate: { policy: baseline }
  staging: { policy: baseline, approvals: [{ role: reviewer, count: 1 }] }
  production: { policy: baseline, approvals: [{ role: security-approver, count: 1 }] }
`;

type Json = Record<string, unknown>;

/** The service of an organisation, with submitted models. */
export class ServiceGround {
  readonly #service: RunningService;
  readonly #tokens = new Map<Role, string>();

  private constructor(service: RunningService) {
    this.#service = service;
  }

  static async start(root: string): Promise<ServiceGround> {
    writeFileSync(join(root, 'rules.yaml'), RULES);
    const env = { ASSAY_LOG_LEVEL: 'silent', ...UNLIMITED, ...TOKEN_OWNERS };
    const flags = { listen: '127.0.0.1:0', data: join(root, 'data'), rules: join(root, 'rules.yaml') };
    const ground = new ServiceGround(await startService(await readConfig(flags, env), { tell: () => {} }));
    for (const role of ['gate', 'submitter', 'reviewer', 'security-approver', 'viewer'] as const) {
      const { secret } = await ground.#call(ground.#service.firstToken ?? '', '/v1/tokens', {
        name: role,
        roles: [role],
        owner: role,
      });
      ground.#tokens.set(role, String(secret));
    }
    return ground;
  }

  get url(): string {
    return this.#service.url;
  }

  token(role: Role): string {
    return this.#tokens.get(role) ?? '';
  }

  async close(): Promise<void> {
    await this.#service.close();
  }

  /** Uploads and scans files. @returns the id and the digest of the version */
  async submit(model: string, files: Readonly<Record<string, Uint8Array>>): Promise<{ id: string; digest: string }> {
    const by = this.token('submitter');
    const entries = Object.entries(files);
    const announced = entries.map(([path, bytes]) => ({ path, size: bytes.length, sha256: sha256(bytes) }));
    const { id: upload } = await this.#call(by, '/v1/uploads', { files: announced });
    for (const [index, [, bytes]] of entries.entries()) {
      const headers = { 'content-type': 'application/octet-stream', 'upload-offset': '0' };
      await this.#send(by, 'PATCH', `/v1/uploads/${upload}/files/${index}`, headers, bytes);
    }
    await this.#call(by, `/v1/uploads/${upload}/complete`, {});
    const job = await this.#call(by, '/v1/jobs', { upload, model });
    let done: Json = {};
    await until(`the scan of ${model} ends`, async () => {
      done = await this.#call(by, `/v1/jobs/${job.id}`);
      return done.state === 'done' || done.state === 'failed';
    });
    if (done.state !== 'done') throw new Error(`the scan of ${model} failed: ${JSON.stringify(done.error)}`);
    const version = await this.#call(by, `/v1/versions/${done.version}`);
    return { id: String(version.id), digest: String(version.digest) };
  }

  async quarantine(version: string, reason: string): Promise<void> {
    await this.#call(this.token('reviewer'), `/v1/versions/${version}/quarantine`, { reason });
  }

  /** Approves a version for staging as a reviewer. @returns the id of the approval */
  async approve(version: string): Promise<string> {
    const asked = { to: 'staging', comment: 'for release 7' };
    const move = await this.#call(this.token('submitter'), `/v1/versions/${version}/transition-requests`, asked);
    await this.#call(this.token('reviewer'), `/v1/transitions/${move.id}/approve`, { comment: 'read the report' });
    const { items } = await this.#call(this.token('viewer'), `/v1/versions/${version}/approvals`);
    const [first] = items as readonly Json[];
    return String(first?.id);
  }

  async revoke(approval: string): Promise<void> {
    await this.#call(this.token('reviewer'), `/v1/approvals/${approval}/revoke`, { reason: 'a mistake' });
  }

  async waive(rule: string, digest: string): Promise<void> {
    const waiver = { rule, digest, reason: 'ours', owner: 'ml', expires: daysFromNow(100) };
    await this.#call(this.token('security-approver'), '/v1/waivers', waiver);
  }

  async #call(token: string, path: string, body?: Json): Promise<Json> {
    const method = body === undefined ? 'GET' : 'POST';
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    return JSON.parse(await this.#send(token, method, path, { 'content-type': 'application/json' }, bytes)) as Json;
  }

  async #send(
    token: string,
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): Promise<string> {
    const init = { method, headers: { ...headers, authorization: `Bearer ${token}` } };
    const response = await fetch(
      `${this.url}${path}`,
      body === undefined ? init : { ...init, body: Buffer.from(body) },
    );
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
