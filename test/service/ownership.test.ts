import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/registry/index.ts';
import { type ConsoleService, SAFE, startConsole } from '../support/console.ts';
import { daysFromNow } from '../support/days.ts';
import { tempFolder } from '../support/temp.ts';
import { type Client, startTestService, type TestService } from './routes/harness.ts';
import { fixture, register, uploadAll } from './routes/requests.ts';

const folder = tempFolder();
const NOWHERE = 'hf://nobody/nothing@0123456789012345678901234567890123456789';

/** Who calls, beside the owner: somebody of the same tenant with one role, or an administrator of another one. */
const OTHERS: Readonly<Record<string, readonly [Role, tenant: string]>> = {
  'another submitter': ['submitter', 'acme'],
  'a reviewer': ['reviewer', 'acme'],
  'a security approver': ['security-approver', 'acme'],
  'an admin': ['admin', 'acme'],
  'an admin of another tenant': ['admin', 'rival'],
};

describe('what belongs to somebody else', () => {
  let service: TestService;
  let owner: Client;
  const callers = new Map<string, Client>();

  beforeAll(async () => {
    service = await startTestService({ database: `sqlite:${join(folder, 'owners.db')}`, queue: 'embedded' });
    owner = await service.as('owner', ['submitter']);
    for (const [name, [role, tenant]] of Object.entries(OTHERS))
      callers.set(name, await service.as(name.replaceAll(' ', '-'), [role], tenant));
  });
  afterAll(() => service.close());

  async function upload(isComplete: boolean): Promise<string> {
    if (isComplete) return uploadAll(owner, [fixture('format-probes/st-ok/m.safetensors')]);
    return (await owner.call('POST', '/v1/uploads', { files: [{ path: 'a', size: 1 }] })).body.id;
  }

  interface Case {
    readonly does: string;
    /** A new thing of the owner. @returns its id */
    make(): Promise<string>;
    act(by: Client, id: string): Promise<{ readonly status: number; readonly body?: { readonly code?: string } }>;
    /** What others are answered, in the order of `OTHERS`; the owner always may. */
    readonly answers: readonly (number | string)[];
  }

  const piece = (by: Client, id: string) =>
    by.raw(`/v1/uploads/${id}/files/0`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/octet-stream', 'upload-offset': '0' },
      body: Buffer.from('x'),
    });
  const CASES: readonly Case[] = [
    {
      does: 'reads an upload',
      make: () => upload(false),
      act: (by, id) => by.call('GET', `/v1/uploads/${id}`),
      answers: ['not-owner', 200, 200, 200, 404],
    },
    {
      does: 'sends bytes of an upload',
      make: () => upload(false),
      act: async (by, id) => {
        const answer = await piece(by, id);
        return {
          status: answer.status,
          body: answer.status === 204 ? {} : ((await answer.json()) as { readonly code: string }),
        };
      },
      answers: ['not-owner', 'missing-role', 'missing-role', 204, 404],
    },
    {
      does: 'completes an upload',
      make: () => upload(true),
      act: (by, id) => by.call('POST', `/v1/uploads/${id}/complete`),
      answers: ['not-owner', 'missing-role', 'missing-role', 200, 404],
    },
    {
      does: 'scans an upload',
      make: () => upload(true),
      act: (by, id) => by.call('POST', '/v1/jobs', { upload: id, model: 'acme/m' }),
      answers: ['not-owner', 'missing-role', 'missing-role', 202, 404],
    },
    {
      does: 'removes an upload',
      make: () => upload(true),
      act: (by, id) => by.call('DELETE', `/v1/uploads/${id}`),
      answers: ['not-owner', 'missing-role', 'missing-role', 204, 404],
    },
    {
      does: 'cancels a job',
      async make() {
        // Nobody runs it: a job that is created beside the queue waits.
        const by = { tenant: 'acme', subject: 'owner', issuer: null, roles: ['submitter'], via: 'token' } as const;
        const job = {
          target: `${NOWHERE.slice(0, -8)}${String(Math.random()).slice(2, 10).padEnd(8, '0')}`,
          model: 'acme/m',
          ruleset: 'r',
          priority: -1000,
        };
        const { job: made } = await service.registry.jobs.create(by, job);
        return made.id;
      },
      act: (by, id) => by.call('POST', `/v1/jobs/${id}/cancel`),
      answers: ['forbidden', 'missing-role', 'missing-role', 200, 404],
    },
  ];

  it.each(CASES)('nobody $does but who may', async ({ make, act, answers }) => {
    const said: (number | string)[] = [];
    for (const [name] of Object.entries(OTHERS)) {
      const { status, body } = await act(callers.get(name) as Client, await make());
      said.push(status === 403 ? (body?.code ?? 403) : status);
    }
    expect(said).toEqual(answers);
    const own = await act(owner, await make());
    expect(own.status).toBeLessThan(300);
  });

  it('a waiver is revoked by who may waive, in its tenant, whoever added it; and added only for bytes of the tenant', async () => {
    const { digest } = await register(owner, 'acme/waived', [fixture('format-probes/st-ok/m.safetensors')]);
    const adder = await service.as('adder', ['security-approver']);
    const waiver = { rule: 'verdict.suspicious', digest, reason: 'ours', owner: 'ml', expires: daysFromNow(9) };
    const said: (number | string)[] = [];
    for (const name of Object.keys(OTHERS)) {
      const made = await adder.call('POST', '/v1/waivers', waiver);
      const { status, body } = await (callers.get(name) as Client).call('POST', `/v1/waivers/${made.body.id}/revoke`);
      said.push(status === 403 ? body.code : status);
      const own = await (callers.get(name) as Client).call('POST', '/v1/waivers', waiver);
      said.push(own.status === 403 ? own.body.code : own.status);
    }
    // An admin may revoke; to waive needs the role that the strictest stage asks of its approvers.
    expect(said).toEqual([
      ...['missing-role', 'missing-role'],
      ...['missing-role', 'missing-role'],
      ...[200, 201],
      ...[200, 'forbidden'],
      ...[404, 'forbidden'],
    ]);
  });
});

describe('tokens that one person made, at any distance', () => {
  let service: ConsoleService;
  let root: string;
  /** Each token was made with the one before it. */
  const chain: string[] = [];
  let stranger: string;

  const make = async (by: string, name: string, roles: readonly Role[]): Promise<string> =>
    (await service.api(by, 'POST', '/v1/tokens', { name, roles })).secret;

  beforeAll(async () => {
    // Without an identity provider for the owners of tokens: a token is who made it.
    service = await startConsole(join(folder, 'tokens'), { tokenIssuer: null });
    root = await rootToken();
    for (let distance = 1; distance <= 4; distance++)
      chain.push(
        await make(chain.at(-1) ?? root, `distance-${distance}`, [
          'admin',
          'submitter',
          'reviewer',
          'security-approver',
        ]),
      );
    stranger = await otherAdmin();
  });
  afterAll(() => service.close());

  const rootToken = () => tokenBy('root-of-one');
  const otherAdmin = () => tokenBy('root-of-another');

  /** A token that somebody at the machine made for an administrator of the name. */
  async function tokenBy(subject: string): Promise<string> {
    const { loadRegistryRules, openRegistry, ROLES } = await import('../../src/registry/index.ts');
    const registry = await openRegistry({
      database: `sqlite:${join(folder, 'tokens/data/assay.db')}`,
      rules: await loadRegistryRules(null),
    });
    const by = { tenant: 'default', subject, issuer: 'https://login.example', roles: ROLES, via: 'local' } as const;
    const { secret } = await registry.createToken(by, { name: subject, roles: ROLES });
    await registry.close();
    return secret;
  }

  const vote = async (by: string, transition: string): Promise<string> =>
    service.api(by, 'POST', `/v1/transitions/${transition}/approve`, { comment: 'read' }).then(
      ({ state }) => state,
      (error: Error) => /"code":"([^"]+)"/.exec(error.message)?.[1] ?? error.message,
    );

  it('none of them approves what another one requested, up or down the chain; a token of somebody else does', async () => {
    const pairs = [
      [0, 3],
      [3, 0],
      [1, 2],
    ] as const;
    for (const [requester, voter] of pairs) {
      const version = await service.scan(chain[requester] ?? '', `acme/by-${requester}-${voter}`, [
        SAFE,
        { path: 'README.md', bytes: Buffer.from(`${requester} ${voter}\n`) },
      ]);
      const asked = await service.api(
        chain[requester] ?? '',
        'POST',
        `/v1/versions/${version.id}/transition-requests`,
        {
          to: 'staging',
          comment: 'x',
        },
      );
      expect(await vote(chain[voter] ?? '', asked.id)).toBe('own-request');
      expect(await vote(root, asked.id)).toBe('own-request');
      expect(await vote(stranger, asked.id)).toBe('approved');
    }
  });

  it('none of them waives for bytes that another one approved', async () => {
    const version = await service.scan(stranger, 'acme/waive-far', [
      SAFE,
      { path: 'a.md', bytes: Buffer.from('# far\n') },
    ]);
    const asked = await service.api(stranger, 'POST', `/v1/versions/${version.id}/transition-requests`, {
      to: 'staging',
      comment: 'x',
    });
    expect(await vote(chain[3] ?? '', asked.id)).toBe('approved');
    const waiver = {
      rule: 'signature.verified',
      digest: version.digest,
      reason: 'ours',
      owner: 'ml',
      expires: daysFromNow(9),
    };
    for (const token of [root, ...chain])
      await expect(service.api(token, 'POST', '/v1/waivers', waiver)).rejects.toThrow(/own-request/);
    expect((await service.api(stranger, 'POST', '/v1/waivers', waiver)).revokedAt).toBeNull();
  });

  it('a revoked token in the chain leaves the others the same person', async () => {
    const { items } = await service.api(root, 'GET', '/v1/tokens?limit=200');
    const middle = items.find(({ name }: { readonly name: string }) => name === 'distance-2');
    await service.api(root, 'DELETE', `/v1/tokens/${middle.id}`);
    const version = await service.scan(root, 'acme/revoked', [
      SAFE,
      { path: 'b.md', bytes: Buffer.from('# revoked\n') },
    ]);
    const asked = await service.api(root, 'POST', `/v1/versions/${version.id}/transition-requests`, {
      to: 'staging',
      comment: 'x',
    });
    expect(await vote(chain[3] ?? '', asked.id)).toBe('own-request');
    expect(await vote(stranger, asked.id)).toBe('approved');
  });
});
