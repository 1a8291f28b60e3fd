import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWebhookSender } from '../../../src/service/webhooks/sender.ts';
import { until } from '../../support/until.ts';
import { onEveryGround } from './backends.ts';
import { type Client, WEBHOOK_TIMEOUT_MS } from './harness.ts';
import { isGenuine, Receiver } from './receiver.ts';
import { fixture, register } from './requests.ts';

const clean = fixture('format-probes/st-ok/m.safetensors', 'model.safetensors');

onEveryGround('webhooks', (service) => {
  let ada: Client;
  let receiver: Receiver;
  const made: string[] = [];
  let names = 0;

  beforeAll(async () => {
    ada = await service().as('ada', ['admin', 'submitter']);
  });
  beforeEach(async () => {
    receiver = new Receiver();
    await receiver.listen();
  });
  afterEach(async () => {
    for (const id of made.splice(0)) await ada.call('DELETE', `/v1/webhooks/${id}`);
    receiver.close();
  });

  async function hook(events: readonly string[]): Promise<{ id: string; secret: string }> {
    const { status, body } = await ada.call('POST', '/v1/webhooks', { url: receiver.url, events });
    expect(status).toBe(201);
    made.push(body.id);
    return body;
  }

  async function change(): Promise<void> {
    names++;
    expect((await ada.call('POST', '/v1/tokens', { name: `t-${names}`, roles: ['viewer'] })).status).toBe(201);
  }

  const deliveries = async (id: string, query = '') =>
    (await ada.call('GET', `/v1/webhooks/${id}/deliveries${query}`)).body.items;

  function ended(id: string, state: string, count = 1): Promise<void> {
    return until(`${count} become ${state}`, async () => (await deliveries(id, `?state=${state}`)).length >= count);
  }

  it('deliver the selected events with a signature', async () => {
    const { id, secret } = await hook(['version.*']);
    expect(secret).toMatch(/^whsec_[\w-]{43}$/);
    const version = await register(ada, 'acme/hooked', [{ ...clean, path: 'hooked.safetensors' }]);
    await receiver.wait((received) => received.length > 0);
    const [first] = receiver.received;
    if (first === undefined) throw new Error('nothing was received');
    expect(first.headers).toMatchObject({ 'content-type': 'application/json', 'assay-event': 'version.registered' });
    expect(first.body).toMatchObject({
      delivery: first.headers['assay-delivery'],
      tenant: 'acme',
      action: 'version.registered',
      subject: 'acme/hooked@1',
      detail: { digest: version.digest },
    });
    expect(isGenuine(secret, first)).toBe(true);
    expect(isGenuine(`${secret}x`, first)).toBe(false);
    expect(isGenuine(secret, { ...first, text: first.text.replace('acme', 'evil') })).toBe(false);
    // A later replay shows by its time, an immediate one by its id.
    expect(isGenuine(secret, first, Date.now() / 1000 + 301)).toBe(false);
    await ended(id, 'delivered');
    expect(await deliveries(id)).toMatchObject([{ state: 'delivered', attempts: 1, lastStatus: 200, lastError: null }]);
    expect(receiver.received.every(({ body }) => body.action.startsWith('version.'))).toBe(true);
  });

  it('retry with the same id until the delivery succeeds', async () => {
    receiver.status = (count) => (count === 0 ? 503 : 204);
    const { id, secret } = await hook(['token.created']);
    await change();
    await receiver.wait((received) => received.length === 2);
    const [first, second] = receiver.received;
    expect(second?.headers['assay-delivery']).toBe(first?.headers['assay-delivery']);
    expect(second?.text).toBe(first?.text);
    expect(second !== undefined && isGenuine(secret, second)).toBe(true);
    await ended(id, 'delivered');
    expect(await deliveries(id)).toMatchObject([{ attempts: 2, lastStatus: 204 }]);
  });

  it('follow no redirect', async () => {
    const other = new Receiver();
    await other.listen();
    receiver.status = () => 302;
    receiver.headers = { location: other.url };
    const { id } = await hook(['token.created']);
    await change();
    // The delivery is complete when the response is recorded.
    await until('the response is recorded', async () => (await deliveries(id))[0]?.lastStatus === 302);
    expect((await deliveries(id))[0]).toMatchObject({ state: 'pending', lastStatus: 302 });
    expect(receiver.received.length).toBeGreaterThan(0);
    expect(other.received).toEqual([]);
    other.close();
  });

  it('give up when the receiver is gone, and start again on request', async () => {
    receiver.status = (count) => (count === 0 ? 410 : 200);
    const { id } = await hook(['token.created']);
    await change();
    await ended(id, 'dead');
    const [dead] = await deliveries(id, '?state=dead');
    expect(dead).toMatchObject({ attempts: 1, lastStatus: 410, lastError: 'answered 410', nextAt: null });
    const again = await ada.call('POST', `/v1/webhooks/${id}/deliveries/${dead.id}/redeliver`);
    expect([again.status, again.body.state]).toEqual([202, 'pending']);
    await ended(id, 'delivered');
    expect(receiver.received.map(({ headers }) => headers['assay-delivery'])).toEqual([dead.id, dead.id]);
    const none = await ada.call('POST', `/v1/webhooks/${id}/deliveries/none/redeliver`);
    expect(none.body.code).toBe('not-found');
  });

  it('deliver each change once with several senders', async () => {
    const senders = [1, 2, 3].map(() =>
      startWebhookSender(service().registry.webhooks, {
        allowPrivateAddresses: true,
        pollMs: 20,
        timeoutMs: WEBHOOK_TIMEOUT_MS,
        onError: (error) => expect.unreachable(String(error)),
      }),
    );
    const { id } = await hook(['token.created']);
    for (let i = 0; i < 30; i++) await change();
    await ended(id, 'delivered', 30);
    await Promise.all(senders.map((sender) => sender.close()));
    const ids = receiver.received.map(({ headers }) => headers['assay-delivery']);
    expect(ids).toHaveLength(30);
    expect(new Set(ids).size).toBe(30);
    const seqs = receiver.received.map(({ body }) => body.seq);
    expect(new Set(seqs).size).toBe(30);
  });

  it('wait for a receiver that never answers without delaying the others', async () => {
    const quick = new Receiver();
    await quick.listen();
    receiver.isSilent = true;
    await hook(['token.created']);
    const { body } = await ada.call('POST', '/v1/webhooks', { url: quick.url, events: ['token.created'] });
    made.push(body.id);
    // No delivery to the silent receiver gives up within this test.
    for (let i = 0; i < 8; i++) await change();
    await quick.wait((received) => received.length === 8);
    quick.close();
  });

  it('show the secret once, and only the host of the address in the log', async () => {
    const { id } = await hook(['*']);
    const shown = await ada.call('GET', `/v1/webhooks/${id}`);
    expect(shown.body).not.toHaveProperty('secret');
    expect(JSON.stringify((await ada.call('GET', '/v1/webhooks')).body)).not.toContain('whsec_');
    await receiver.wait((received) => received.some(({ body }) => body.action === 'webhook.created'));
    expect(JSON.stringify(receiver.received.map(({ body }) => body))).not.toMatch(/hidden|whsec_/);
  });

  describe('refuse', () => {
    it.each([
      ['an invalid address', { url: 'nothing', events: ['*'] }, 422, 'address-refused'],
      ['another scheme', { url: 'file:///etc/passwd', events: ['*'] }, 422, 'address-refused'],
      ['a password', { url: 'https://me:secret@example.com/', events: ['*'] }, 422, 'address-refused'],
      ['no events', { url: 'https://example.com/', events: [] }, 400, 'invalid-request'],
      ['an invalid pattern', { url: 'https://example.com/', events: ['*.x'] }, 400, 'invalid'],
      ['an expression', { url: 'https://example.com/', events: ['(a+)+$'] }, 400, 'invalid'],
    ])('a registration with %s', async (_, request, status, code) => {
      const answer = await ada.call('POST', '/v1/webhooks', request);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
    });

    it('requests of other tenants and of roles without access', async () => {
      const { id } = await hook(['*']);
      const eve = await service().as('eve', ['admin'], 'evil');
      expect((await eve.call('GET', `/v1/webhooks/${id}`)).status).toBe(404);
      expect((await eve.call('GET', `/v1/webhooks/${id}/deliveries`)).status).toBe(404);
      expect((await eve.call('DELETE', `/v1/webhooks/${id}`)).status).toBe(404);
      const rita = await service().as('rita', ['viewer', 'submitter', 'reviewer', 'security-approver']);
      expect((await rita.call('GET', '/v1/webhooks')).body.code).toBe('missing-role');
    });
  });
});
