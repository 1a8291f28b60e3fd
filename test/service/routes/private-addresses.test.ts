import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tempFolder } from '../../support/temp.ts';
import { type Client, startTestService, type TestService } from './harness.ts';
import { ended } from './requests.ts';

const folder = tempFolder();
let service: TestService;
let ada: Client;
let connections = 0;
const inside = createServer((socket) => {
  connections++;
  socket.destroy();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
  const ground = { database: `sqlite:${join(folder, 'registry.db')}`, queue: 'embedded' };
  service = await startTestService(ground, { allowPrivateAddresses: false });
  ada = await service.as('ada', ['admin', 'submitter']);
});
afterAll(async () => {
  await service.close();
  inside.close();
});

const refused = [
  'http://127.0.0.1:PORT/m.bin',
  'http://127.1:PORT/m.bin',
  'http://2130706433:PORT/m.bin',
  'https://[::1]/m.bin',
  'https://[::ffff:127.0.0.1]/m.bin',
  'https://10.0.0.1/m.bin',
  'https://169.254.169.254/latest/meta-data',
  'https://0.0.0.0/m.bin',
];

it.each(refused)('the service refuses a model at %s before it queues a job', async (address) => {
  const ref = address.replace('PORT', String((inside.address() as AddressInfo).port));
  const { status, body } = await ada.call('POST', '/v1/jobs', { ref, model: 'acme/inside' });
  expect([status, body.code]).toEqual([422, 'address-refused']);
  const queued = (await ada.call('GET', '/v1/jobs')).body.items as readonly { readonly target: string }[];
  expect(queued.map(({ target }) => target)).not.toContain(ref);
});

it.each(refused.filter((address) => address.startsWith('https')))('the service sends no webhook to %s', async (url) => {
  const { status, body } = await ada.call('POST', '/v1/webhooks', { url, events: ['*'] });
  expect([status, body.code]).toEqual([422, 'address-refused']);
});

it('the service sends no webhook without TLS', async () => {
  const { body } = await ada.call('POST', '/v1/webhooks', { url: 'http://example.com/', events: ['*'] });
  expect(body.code).toBe('address-refused');
});

it('the service connects to no name that resolves to a private address', async () => {
  const { port } = inside.address() as AddressInfo;
  const { body } = await ada.call('POST', '/v1/jobs', { ref: `http://localhost:${port}/m.bin`, model: 'acme/inside' });
  const job = await ended(ada, body.id);
  expect(job).toMatchObject({ state: 'failed', error: { code: 'refused' } });
  expect(connections).toBe(0);
});
