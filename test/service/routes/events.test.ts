import { connect } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { onEveryGround } from './backends.ts';
import { EventReader, type ReadEvent } from './event-reader.ts';
import type { Client } from './harness.ts';
import { fixture, register, uploadAll } from './requests.ts';

const clean = fixture('format-probes/st-ok/m.safetensors', 'model.safetensors');
const reader = { tenant: 'acme', subject: 'test', issuer: null, roles: ['viewer'], via: 'local' } as const;

onEveryGround('events', (service) => {
  let sam: Client;
  let admin: Client;
  let viewer: Client;
  let tokens = 0;
  beforeAll(async () => {
    sam = await service().as('sam', ['submitter']);
    admin = await service().as('ada', ['admin']);
    viewer = await service().as('vera', ['viewer']);
  });

  const open = (client: Client, query = '', headers = {}) =>
    EventReader.open(`${service().url}/v1/events${query}`, client, headers);
  const seqs = ({ events }: EventReader) => events.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]));
  const isAudit = (action: string) => (event: ReadEvent) => event.event === 'audit' && event.data.action === action;

  /** Writes something into the audit log. */
  async function change(): Promise<void> {
    tokens++;
    const { status } = await admin.call('POST', '/v1/tokens', { name: `made-${tokens}`, roles: ['viewer'] });
    expect(status).toBe(201);
  }

  it('the stream sends what happens from now on', async () => {
    const stream = await open(viewer);
    expect(stream.status).toBe(200);
    expect(stream.headers['cache-control']).toBe('no-store');
    expect(stream.headers['x-content-type-options']).toBe('nosniff');
    const version = await register(sam, 'acme/told', [clean]);
    const told = await stream.find(isAudit('version.registered'));
    expect(told.data).toMatchObject({ tenant: 'acme', subject: 'acme/told@1', detail: { digest: version.digest } });
    expect(told.id).toBe(String(told.data.seq));
    stream.close();
  });

  it('the stream continues after the last received event without a gap', async () => {
    const before = await service().registry.auditHead(reader);
    for (let i = 0; i < 5; i++) await change();
    // Changes continue while the log is read.
    const going = (async () => {
      for (let i = 0; i < 15; i++) await change();
    })();
    const streams = await Promise.all([
      open(viewer, '', { 'last-event-id': String(before) }),
      open(viewer, `?since=${before}`),
      open(viewer, '?since=0'),
    ]);
    await going;
    const head = await service().registry.auditHead(reader);
    for (const stream of streams) await stream.find(({ id }) => id === String(head));
    const after = Array.from({ length: head - before }, (_, i) => before + 1 + i);
    expect(seqs(streams[0])).toEqual(after);
    expect(seqs(streams[1])).toEqual(after);
    expect(seqs(streams[2])).toEqual(Array.from({ length: head }, (_, i) => i + 1));
    for (const stream of streams) stream.close();
  });

  it('the stream sends the events of jobs on every worker', async () => {
    const stream = await open(viewer);
    const upload = await uploadAll(sam, [{ ...clean, path: 'job.safetensors' }]);
    const { body } = await sam.call('POST', '/v1/jobs', { upload, model: 'acme/job' });
    const { data, id } = await stream.find(
      ({ event, data }) => event === 'job' && data.id === body.id && data.state === 'done',
    );
    expect(id).toBeUndefined();
    expect(data.progress).toMatchObject({ files: expect.any(Number), bytes: expect.any(Number) });
    stream.close();
  });

  it('the stream refuses an event id that never existed', async () => {
    for (const id of ['999999999', '-1', 'x', '1e3'])
      expect((await open(viewer, '', { 'last-event-id': id })).status).toBeGreaterThanOrEqual(400);
  });

  it('the stream sends nothing of other tenants', async () => {
    const eve = await service().as('eve', ['viewer', 'admin'], 'evil');
    const stream = await open(eve);
    await change();
    const own = await open(viewer, '?since=0');
    await own.find(isAudit('token.created'));
    // Events for the other tenants would have arrived before their own change.
    const { status } = await eve.call('POST', '/v1/tokens', { name: 'theirs', roles: ['viewer'] });
    expect(status).toBe(201);
    await stream.find(isAudit('token.created'));
    expect(stream.events.map(({ data }) => [data.tenant, data.action])).toEqual([['evil', 'token.created']]);
    stream.close();
    own.close();
  });

  it('the stream disconnects only a reader that is too slow', async () => {
    const { hostname, port } = new URL(service().url);
    // A socket that stops reading.
    const slow = connect({ host: hostname, port: Number(port) });
    const cut = new Promise<void>((resolve) => slow.on('close', () => resolve()));
    slow.on('error', () => {});
    slow.write(`GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${viewer.token}\r\n\r\n`);
    await new Promise<void>((resolve) => slow.once('data', () => resolve()));
    slow.pause();
    const quick = await open(viewer);
    const subject = `job-${'x'.repeat(100_000)}`;
    const progress = { filesDone: 0, files: 0, bytesDone: 0, bytes: 0 };
    for (let i = 0; i < 400; i++) {
      service().feed.publish({ kind: 'job', tenant: 'acme', id: `${subject}${i}`, state: 'running', progress });
      // The fast reader keeps up on a busy machine as well.
      if (i % 4 === 3) await quick.find(({ data }) => data.id === `${subject}${i}`);
    }
    await quick.find(({ data }) => data.id === `${subject}399`);
    expect(quick.events.filter(({ data }) => String(data.id).startsWith(subject))).toHaveLength(400);
    slow.resume();
    await cut;
    quick.close();
  });

  it('the streams of one client are limited', async () => {
    const crowd = await service().as('crowd', ['viewer']);
    const streams = [];
    for (let i = 0; i < 64; i++) streams.push(await open(crowd));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    const more = await open(crowd);
    expect(more.status).toBe(429);
    for (const stream of streams) stream.close();
    const again = async () => {
      const one = await open(crowd);
      one.close();
      return one.status;
    };
    let status = 0;
    await until('there is room for another', async () => {
      status = await again();
      return status === 200;
    });
    expect(status).toBe(200);
  });
});
