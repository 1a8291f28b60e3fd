import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onEveryGround } from './backends.ts';
import { EventReader } from './event-reader.ts';
import type { Client } from './harness.ts';
import { ended, fixture, uploadAll } from './requests.ts';

const clean = fixture('format-probes/st-ok/m.safetensors', 'model.safetensors');

onEveryGround('jobs', (service) => {
  let sam: Client;
  let viewer: Client;
  let files = 0;
  const silent = createServer(() => {});
  beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
  afterAll(() => silent.close());
  beforeAll(async () => {
    sam = await service().as('sam', ['submitter']);
    viewer = await service().as('vera', ['viewer']);
  });

  function upload(): Promise<string> {
    files++;
    return uploadAll(sam, [{ ...clean, path: `model-${files}.safetensors` }]);
  }

  it('run to their end', async () => {
    const { status, headers, body } = await sam.call('POST', '/v1/jobs', { upload: await upload(), model: 'acme/a' });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/jobs/${body.id}`);
    const job = await ended(viewer, body.id);
    expect(job).toMatchObject({ state: 'done', error: null, attempts: 1 });
    expect((await viewer.call('GET', `/v1/versions/${job.version}`)).body.model).toBe('acme/a');
  });

  it('are reused for an equal request while they are queued', async () => {
    const request = { upload: await upload(), model: 'acme/same', priority: 5 };
    const answers = await Promise.all([1, 2, 3, 4].map(() => sam.call('POST', '/v1/jobs', request)));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBeLessThan(4);
    for (const { body } of answers) expect((await ended(viewer, body.id)).state).toBe('done');
    expect((await viewer.call('GET', '/v1/models/acme%2Fsame')).body.versions).toBe(1);
  });

  it('are created all or none for several requests', async () => {
    const requests = [
      { upload: await upload(), model: 'acme/many' },
      { upload: await upload(), model: 'acme/many' },
    ];
    const { status, body } = await sam.call('POST', '/v1/jobs/batch', { jobs: requests });
    expect(status).toBe(202);
    expect(body.items.map(({ created }: { created: boolean }) => created)).toEqual([true, true]);
    for (const { job } of body.items) expect((await ended(viewer, job.id)).state).toBe('done');

    const before = (await viewer.call('GET', '/v1/jobs?limit=200')).body.items.length;
    const one = { upload: await upload(), model: 'acme/many' };
    const refused = await sam.call('POST', '/v1/jobs/batch', { jobs: [one, { ref: '/etc/passwd', model: 'a' }] });
    expect([refused.status, refused.body.code]).toEqual([422, 'no-path-sources']);
    expect(refused.body.detail).toContain('jobs/1');
    const unread = await sam.call('POST', '/v1/jobs/batch', { jobs: [one, { ref: 'hf:///' }] });
    expect([unread.status, unread.body.code]).toEqual([400, 'usage']);
    expect(unread.body.detail).toContain('jobs/1');
    expect((await viewer.call('GET', '/v1/jobs?limit=200')).body.items).toHaveLength(before);
  });

  it('are listed in pages', async () => {
    for (let count = 0; count < 2; count++) {
      const { body } = await sam.call('POST', '/v1/jobs', { upload: await upload(), model: 'acme/listed' });
      expect((await ended(viewer, body.id)).state).toBe('done');
    }
    const first = await viewer.call('GET', '/v1/jobs?limit=1&state=done');
    expect(first.body.items).toHaveLength(1);
    const second = await viewer.call('GET', `/v1/jobs?limit=1&state=done&after=${encodeURIComponent(first.body.next)}`);
    expect(second.body.items[0].id).not.toBe(first.body.items[0].id);
    expect((await viewer.call('GET', '/v1/jobs?state=failed')).body.items).toEqual([]);
  });

  it('can be cancelled while running', async () => {
    // The address never answers: the job runs until it is stopped.
    const asked = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    const { port } = silent.address() as AddressInfo;
    const { body } = await sam.call('POST', '/v1/jobs', {
      ref: `http://127.0.0.1:${port}/model.bin`,
      model: 'acme/slow',
    });
    await asked;
    const reader = await EventReader.open(`${service().url}/v1/jobs/${body.id}/events`, viewer);
    expect((await viewer.call('POST', `/v1/jobs/${body.id}/cancel`)).body.code).toBe('missing-role');
    const { body: cancelled } = await sam.call('POST', `/v1/jobs/${body.id}/cancel`);
    expect(cancelled.state).toBe('cancelled');
    await reader.ended;
    expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { state: 'cancelled' } });
    expect((await sam.call('POST', `/v1/jobs/${body.id}/cancel`)).status).toBe(409);
    expect((await sam.call('POST', '/v1/jobs/none/cancel')).status).toBe(404);
  });

  describe('of an invalid request', () => {
    it.each([
      ['a path', { ref: '/etc/passwd', model: 'a' }, 422, 'no-path-sources'],
      ['a relative path', { ref: '../../etc/passwd', model: 'a' }, 422, 'no-path-sources'],
      ['a file URL', { ref: 'file:///etc/passwd', model: 'a' }, 422, 'no-path-sources'],
      ['an upload as a reference', { ref: 'upload:1', model: 'a' }, 422, 'no-path-sources'],
      ['an empty request', {}, 400, 'invalid-request'],
      ['a reference and an upload', { ref: 'hf://a/b', upload: 'x' }, 400, 'invalid-request'],
      ['no model', { ref: 'https://example.com/m.bin' }, 422, 'model-missing'],
      ['an unknown scheme', { ref: 'gopher://x', model: 'a' }, 400, 'usage'],
      ['a URL with a password', { ref: 'https://me:secret@example.com/x', model: 'a' }, 400, 'usage'],
      ['an upload that does not exist', { upload: 'x', model: 'a' }, 404, 'upload-not-found'],
      ['an invalid model name', { ref: 'hf://a/b', model: '../a' }, 400, 'invalid'],
      ['a model with a space', { ref: 'hf://a/b', model: 'a b' }, 400, 'invalid-request'],
      ['a priority out of range', { ref: 'hf://a/b', priority: 1e9 }, 400, 'invalid-request'],
      ['an unknown field', { ref: 'hf://a/b', path: '/etc' }, 400, 'invalid-request'],
    ])('are refused: %s', async (_, request, status, code) => {
      const answer = await sam.call('POST', '/v1/jobs', request);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(JSON.stringify(answer.body)).not.toContain('secret');
    });

    it('are refused: an upload that is not complete', async () => {
      const { body } = await sam.call('POST', '/v1/uploads', { files: [{ path: 'a', size: 1 }] });
      const answer = await sam.call('POST', '/v1/jobs', { upload: body.id, model: 'a' });
      expect([answer.status, answer.body.code]).toEqual([409, 'upload-open']);
    });
  });

  describe('send events', () => {
    it('to many listeners until the job ends', async () => {
      const { body } = await sam.call('POST', '/v1/jobs', { upload: await upload(), model: 'acme/watched' });
      const url = `${service().url}/v1/jobs/${body.id}/events`;
      const readers = await Promise.all(Array.from({ length: 30 }, () => EventReader.open(url, viewer)));
      await Promise.all(readers.map((reader) => reader.ended));
      for (const reader of readers) {
        expect(reader.headers['content-type']).toBe('text/event-stream; charset=utf-8');
        const last = reader.events.at(-1);
        expect(last?.event).toBe('end');
        expect(last?.data).toMatchObject({ id: body.id, state: 'done' });
        expect(reader.events.filter(({ event }) => event === 'end')).toHaveLength(1);
      }
    });

    it('of a job that ended long ago', async () => {
      const { body } = await sam.call('POST', '/v1/jobs', { upload: await upload(), model: 'acme/watched' });
      await ended(viewer, body.id);
      const reader = await EventReader.open(`${service().url}/v1/jobs/${body.id}/events`, viewer);
      await reader.ended;
      expect(reader.events.map(({ event }) => event)).toEqual(['end']);
    });

    it('only to principals who can read the job', async () => {
      const { body } = await sam.call('POST', '/v1/jobs', { upload: await upload(), model: 'acme/watched' });
      const eve = await service().as('eve', ['admin'], 'evil');
      expect((await EventReader.open(`${service().url}/v1/jobs/${body.id}/events`, eve)).status).toBe(404);
      const gate = await service().as('gate', ['gate']);
      expect((await EventReader.open(`${service().url}/v1/jobs/${body.id}/events`, gate)).status).toBe(403);
    });
  });
});
