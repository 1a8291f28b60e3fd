import { randomUUID } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { barrier } from '../../support/until.ts';
import { onEveryGround } from './backends.ts';

const KEY = 'idempotency-key';
const hour = 3_600_000;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

onEveryGround('a request with an Idempotency-Key', (service) => {
  const names = async () => {
    const reader = await service().as(randomUUID(), ['admin']);
    const { body } = await reader.call('GET', '/v1/tokens?limit=200');
    return body.items.map(({ name }: { readonly name: string }) => name);
  };
  const tokenOf = (name: string) => ({ name, roles: ['viewer'] });

  it('makes a thing once, and gets the whole first answer again, secrets included', async () => {
    const admin = await service().as('ada', ['admin']);
    const key = randomUUID();
    const made = await admin.call('POST', '/v1/tokens', tokenOf('once'), { [KEY]: key });
    const again = await admin.call('POST', '/v1/tokens', tokenOf('once'), { [KEY]: key });
    expect(made.status).toBe(201);
    expect(made.headers.get('idempotency-replayed')).toBeNull();
    expect({ status: again.status, body: again.body }).toEqual({ status: 201, body: made.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toBe(made.headers.get('content-type'));
    expect((await names()).filter((name: string) => name === 'once')).toHaveLength(1);
    // The place of what was made is in the headers.
    const upload = { files: [{ path: 'a', size: 1 }] };
    const [first, second] = [randomUUID(), randomUUID()];
    const sent = async (one: string) =>
      (await admin.call('POST', '/v1/uploads', upload, { [KEY]: one })).headers.get('location');
    const place = await sent(first);
    expect(place).toMatch(/^\/v1\/uploads\//);
    expect(await sent(first)).toBe(place);
    expect(await sent(second)).not.toBe(place);
  });

  it('is refused with another body or at another address, and gets no answer of another caller', async () => {
    const admin = await service().as('bea', ['admin']);
    const key = randomUUID();
    await admin.call('POST', '/v1/tokens', tokenOf('mine'), { [KEY]: key });
    const other = await admin.call('POST', '/v1/tokens', tokenOf('other'), { [KEY]: key });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused']);
    const elsewhere = await admin.call('POST', '/v1/uploads', { files: [{ path: 'a', size: 1 }] }, { [KEY]: key });
    expect([elsewhere.status, elsewhere.body.code]).toEqual([422, 'idempotency-key-reused']);
    expect(await names()).not.toContain('other');
    for (const tenant of ['acme', 'rival']) {
      const stranger = await service().as(`stranger-of-${tenant}`, ['admin'], tenant);
      const own = await stranger.call('POST', '/v1/tokens', tokenOf(`own-${tenant}`), { [KEY]: key });
      expect(own.status).toBe(201);
      expect(own.headers.get('idempotency-replayed')).toBeNull();
    }
  });

  it('makes one thing when it is sent twice at once', async () => {
    const admin = await service().as('cleo', ['admin']);
    const { registry } = service();
    const [inside, go] = [barrier(), barrier()];
    const create = registry.createToken;
    vi.spyOn(registry, 'createToken').mockImplementation(async (by, token) => {
      if (token.name === 'at-once') {
        inside.open();
        await go.opened;
      }
      return create(by, token);
    });
    const send = () => admin.call('POST', '/v1/tokens', tokenOf('at-once'), { [KEY]: 'the-same-key' });
    const first = send();
    await inside.opened;
    // The first one is being answered: it has made nothing yet.
    const second = await send();
    expect([second.status, second.body.code]).toEqual([409, 'idempotency-key-in-use']);
    expect(second.headers.get('retry-after')).toBe('1');
    go.open();
    expect((await first).status).toBe(201);
    expect((await send()).body).toEqual((await first).body);
    // Uploads have no name by which a second one would be refused.
    const upload = { files: [{ path: 'a', size: 1 }] };
    const many = await Promise.all(
      Array.from({ length: 8 }, () => admin.call('POST', '/v1/uploads', upload, { [KEY]: 'another-key' })),
    );
    expect(many.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect(new Set(many.flatMap(({ body }) => body.id ?? [])).size).toBe(1);
    expect((await names()).filter((name: string) => name.startsWith('at-once'))).toEqual(['at-once']);
  });

  it('may be sent again after a refusal, and makes the thing then', async () => {
    const admin = await service().as('dora', ['admin']);
    const key = randomUUID();
    await admin.call('POST', '/v1/tokens', tokenOf('taken'));
    const refused = await admin.call('POST', '/v1/tokens', tokenOf('taken'), { [KEY]: key });
    expect(refused.status).toBe(409);
    // The same key, another body: nothing was made under it.
    expect((await admin.call('POST', '/v1/tokens', tokenOf('free'), { [KEY]: key })).status).toBe(201);
  });

  it('is forgotten after a day', async () => {
    const { registry } = service();
    const start = Date.now();
    const request = { holder: 'h', key: 'a-long-key', content: 'c' };
    const claimed = await registry.answers.claim(request);
    if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
    const answer = { status: 201, headers: { location: '/x' }, body: '{"secret":"s"}' };
    await registry.answers.keep(request, claimed.claim, answer);
    vi.setSystemTime(start + 23 * hour);
    expect(await registry.answers.claim(request)).toEqual({ kind: 'answered', answer });
    vi.setSystemTime(start + 25 * hour);
    expect(await registry.answers.claim(request)).toMatchObject({ kind: 'claimed' });
    // Its instance died: the request may be tried again, and the dead one keeps nothing.
    const [lost] = [{ ...request, key: 'another-key' }];
    const dead = await registry.answers.claim(lost);
    expect(await registry.answers.claim(lost)).toEqual({ kind: 'running' });
    vi.setSystemTime(start + 26 * hour);
    expect(await registry.answers.claim(lost)).toMatchObject({ kind: 'claimed' });
    const late = registry.answers.keep(lost, dead.kind === 'claimed' ? dead.claim : '', answer);
    await expect(late).rejects.toMatchObject({ code: 'changed' });
  });

  it.each(['short', 'x'.repeat(201), 'with a space'])('is refused with the key %j', async (key) => {
    const admin = await service().as(`eve-${key.length}`, ['admin']);
    const refused = await admin.call('POST', '/v1/tokens', tokenOf('never'), { [KEY]: key });
    expect([refused.status, refused.body.code]).toEqual([400, 'invalid-request']);
  });

  it('is described for every route that makes something, and for no other', () => {
    const made = Object.entries(service().document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, operation]) => {
        const { parameters = [], responses } = operation as {
          readonly parameters?: readonly { readonly name: string }[];
          readonly responses: object;
        };
        const takes = parameters.some(({ name }) => name === KEY);
        const makes = method === 'post' && path.startsWith('/v1/') && ('201' in responses || '202' in responses);
        return takes || (makes && !path.startsWith('/v1/adapters/')) ? [{ path, takes, makes }] : [];
      }),
    );
    expect(made.length).toBeGreaterThan(10);
    expect(made.filter(({ takes, makes }) => !takes || !makes)).toEqual([]);
  });
});
