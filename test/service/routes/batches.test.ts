import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { onEveryGround } from './backends.ts';
import { EventReader } from './event-reader.ts';
import type { Client } from './harness.ts';
import { ended, fixture, uploadAll } from './requests.ts';

const clean = fixture('format-probes/st-ok/m.safetensors', 'model.safetensors');
const NONE = { queued: 0, running: 0, done: 0, failed: 0, cancelled: 0 };

onEveryGround('batches', (service) => {
  let sam: Client;
  let viewer: Client;
  let files = 0;
  // The address never answers: a job that reads from it runs until it is cancelled.
  const silent = createServer(() => {});
  beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
  afterAll(() => silent.close());
  beforeAll(async () => {
    sam = await service().as('sam', ['submitter']);
    viewer = await service().as('vera', ['viewer']);
  });

  async function upload() {
    files++;
    return { upload: await uploadAll(sam, [{ ...clean, path: `model-${files}.safetensors` }]), model: 'acme/many' };
  }

  function slow(name: string) {
    const { port } = silent.address() as AddressInfo;
    return { ref: `http://127.0.0.1:${port}/${name}.bin`, model: 'acme/slow' };
  }

  async function submitted(...requests: readonly object[]) {
    const { status, headers, body } = await sam.call('POST', '/v1/jobs/batch', { jobs: requests });
    expect(status, JSON.stringify(body)).toBe(202);
    expect(headers.get('location')).toBe(`/v1/batches/${body.batch.id}`);
    return body.batch;
  }

  it('send one end event to every listener, also to a late one', async () => {
    const feed = await EventReader.open(`${service().url}/v1/events`, viewer);
    const { state, jobs, id } = await submitted(await upload(), await upload(), {
      ref: 'https://127.0.0.1:1/x',
      model: 'a',
    });
    expect([state, jobs]).toEqual(['open', { ...NONE, queued: 3 }]);
    const { body: known } = await viewer.call('GET', `/v1/jobs?batch=${id}&limit=1`);
    // The address does not answer, and the job would be retried for a long time.
    await sam.call('POST', `/v1/jobs/${known.items[0].id}/cancel`);
    const url = `${service().url}/v1/batches/${id}/events`;
    const readers = await Promise.all([1, 2, 3].map(() => EventReader.open(url, viewer)));
    await Promise.all(readers.map((reader) => reader.ended));
    const { body: batch } = await viewer.call('GET', `/v1/batches/${id}`);
    expect(batch).toMatchObject({ state: 'ended', jobs: { ...NONE, done: 2, cancelled: 1 } });
    for (const { headers, events } of readers) {
      expect(headers['content-type']).toBe('text/event-stream; charset=utf-8');
      expect(events.filter(({ event }) => event === 'end')).toEqual([events.at(-1)]);
      expect(events.at(-1)?.data).toEqual(batch);
    }
    await feed.find(({ data }) => data.action === 'batch.ended' && data.subject === id);
    feed.close();
    const told = feed.events.filter(({ data }) => data.action === 'batch.ended' && data.subject === id);
    expect(told).toMatchObject([{ event: 'audit', data: { detail: { jobs: 3, done: 2, failed: 0, cancelled: 1 } } }]);
    const { body: done } = await viewer.call('GET', `/v1/jobs?batch=${id}&state=done`);
    expect(done.items).toHaveLength(2);
    const late = await EventReader.open(url, viewer);
    await late.ended;
    expect(late.events.map(({ event }) => event)).toEqual(['end']);
    const etag = (await viewer.raw(`/v1/batches/${id}`)).headers.get('etag') ?? '';
    expect((await viewer.raw(`/v1/batches/${id}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  it('are cancelled with their queued and running jobs', async () => {
    const asked = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    const { id } = await submitted(...['a', 'b', 'c', 'd'].map(slow));
    await asked;
    expect((await viewer.call('POST', `/v1/batches/${id}/cancel`)).body.code).toBe('missing-role');
    const { status, body } = await sam.call('POST', `/v1/batches/${id}/cancel`);
    expect([status, body.state, body.jobs]).toEqual([200, 'ended', { ...NONE, cancelled: 4 }]);
    const again = await sam.call('POST', `/v1/batches/${id}/cancel`);
    expect([again.status, again.body.code]).toEqual([409, 'ended']);
    // The workers are free again.
    const [next] = (await viewer.call('GET', `/v1/jobs?batch=${(await submitted(await upload())).id}`)).body.items;
    expect((await ended(viewer, next.id)).state).toBe('done');
  });

  it('are readable with the right role, and reported as missing when they do not exist', async () => {
    const { id } = await submitted(await upload());
    const eve = await service().as('eve', ['admin'], 'evil');
    for (const path of [`/v1/batches/${id}`, `/v1/jobs?batch=${id}`, '/v1/batches/none', '/v1/jobs?batch=none'])
      expect([path, (await eve.call('GET', path)).status]).toEqual([path, 404]);
    expect((await EventReader.open(`${service().url}/v1/batches/${id}/events`, eve)).status).toBe(404);
    expect((await eve.call('POST', `/v1/batches/${id}/cancel`)).status).toBe(404);
    expect((await viewer.call('GET', '/v1/jobs?batch=%00')).status).toBe(400);
  });
});
