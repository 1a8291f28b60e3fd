import { request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { onEveryGround } from './backends.ts';
import type { Client } from './harness.ts';
import { codeOf, fixture, sendPiece, sha256 } from './requests.ts';

const model = fixture('format-probes/st-ok/m.safetensors');

onEveryGround('uploads', (service) => {
  let client: Client;
  beforeAll(async () => {
    client = await service().as('sender', ['submitter']);
  });

  async function begin(files: readonly { path: string; size: number; sha256?: string }[]): Promise<string> {
    const { status, body, headers } = await client.call('POST', '/v1/uploads', { files });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/v1/uploads/${body.id}`);
    return body.id;
  }

  async function offsetOf(id: string, index = 0): Promise<string | null> {
    const response = await client.raw(`/v1/uploads/${id}/files/${index}`, { method: 'HEAD' });
    expect(response.status).toBe(204);
    return response.headers.get('upload-offset');
  }

  it('belong to who began them: others read, continue, complete, submit and remove them only by a role', async () => {
    const { bytes } = model;
    const [other, judge, boss] = [
      await service().as('other-sender', ['submitter', 'viewer']),
      await service().as('judge-of-uploads', ['reviewer']),
      await service().as('boss-of-uploads', ['admin']),
    ];
    const id = await begin([{ path: 'model.safetensors', size: bytes.length }]);
    const refused = [403, 'not-owner'];
    const read = await other.call('GET', `/v1/uploads/${id}`);
    expect([read.status, read.body.code]).toEqual(refused);
    expect((await other.raw(`/v1/uploads/${id}/files/0`, { method: 'HEAD' })).status).toBe(403);
    const piece = await sendPiece(other, id, 0, 0, bytes);
    expect([piece.status, await codeOf(piece)]).toEqual(refused);
    expect((await judge.call('GET', `/v1/uploads/${id}`)).status).toBe(200);
    expect((await sendPiece(client, id, 0, 0, bytes)).status).toBe(204);
    for (const [method, path, body] of [
      ['POST', `/v1/uploads/${id}/complete`, undefined],
      ['DELETE', `/v1/uploads/${id}`, undefined],
    ] as const) {
      const answer = await other.call(method, path, body);
      expect([path, answer.status, answer.body.code]).toEqual([path, ...refused]);
    }
    expect((await client.call('POST', `/v1/uploads/${id}/complete`)).status).toBe(200);
    const submitted = await other.call('POST', '/v1/jobs', { upload: id, model: 'acme/taken' });
    expect([submitted.status, submitted.body.code]).toEqual(refused);
    const own = await client.call('POST', '/v1/jobs', { upload: id, model: 'acme/own' });
    expect(own.status).toBe(202);
    // A job is its requester's, too.
    expect((await other.call('POST', `/v1/jobs/${own.body.id}/cancel`)).body.code).toBe('forbidden');
    expect((await boss.call('DELETE', `/v1/uploads/${id}`)).status).toBe(204);
    const { items } = (await boss.call('GET', `/v1/audit?subject=${id}`)).body;
    const told = items.map(({ action, actor }: { action: string; actor: string }) => [action, actor]);
    expect(told).toEqual([
      ['upload.created', 'sender'],
      ['upload.completed', 'sender'],
      ['upload.removed', 'boss-of-uploads'],
    ]);
  });

  it('accept a file in pieces from the current offset and check its digest', async () => {
    const { bytes } = model;
    const half = Math.floor(bytes.length / 2);
    const id = await begin([{ path: 'model.safetensors', size: bytes.length, sha256: sha256(bytes) }]);
    expect(await offsetOf(id)).toBe('0');
    const first = await sendPiece(client, id, 0, 0, bytes.subarray(0, half));
    expect([first.status, first.headers.get('upload-offset')]).toEqual([204, String(half)]);
    expect(await offsetOf(id)).toBe(String(half));

    const early = await client.call('POST', `/v1/uploads/${id}/complete`);
    expect([early.status, early.body.code]).toEqual([409, 'upload-incomplete']);
    for (const offset of [0, half - 1, half + 1]) {
      const wrong = await sendPiece(client, id, 0, offset, bytes.subarray(half - 1, half));
      expect([wrong.status, await codeOf(wrong)]).toEqual([409, 'upload-offset']);
    }
    expect(await offsetOf(id)).toBe(String(half));

    expect((await sendPiece(client, id, 0, half, bytes.subarray(half))).status).toBe(204);
    const { status, body } = await client.call('POST', `/v1/uploads/${id}/complete`);
    expect(status).toBe(200);
    expect(body.state).toBe('complete');
    expect(body.files).toEqual([
      { path: 'model.safetensors', size: bytes.length, received: bytes.length, sha256: sha256(bytes) },
    ]);
    const late = await sendPiece(client, id, 0, bytes.length, Buffer.alloc(0));
    expect(await codeOf(late)).toBe('upload-complete');
  });

  it('keep what arrived before a connection broke', async () => {
    const bytes = Buffer.alloc(300_000, 7);
    const id = await begin([{ path: 'model.bin', size: bytes.length }]);
    await new Promise<void>((resolve) => {
      const sending = request(`${service().url}/v1/uploads/${id}/files/0`, {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${client.token}`,
          'content-type': 'application/offset+octet-stream',
          'upload-offset': '0',
          'content-length': String(bytes.length),
        },
      });
      sending.on('error', () => resolve());
      sending.write(bytes.subarray(0, 100_000), () => sending.destroy());
    });
    let received = 0;
    await until('the received bytes are counted', async () => {
      received = Number(await offsetOf(id));
      return received > 0;
    });
    expect(received).toBe(100_000);
    expect((await sendPiece(client, id, 0, received, bytes.subarray(received))).status).toBe(204);
    expect((await client.call('POST', `/v1/uploads/${id}/complete`)).status).toBe(200);
  });

  it('store nothing of a piece that is too long', async () => {
    const id = await begin([{ path: 'model.bin', size: 10 }]);
    const told = await sendPiece(client, id, 0, 0, Buffer.alloc(11));
    expect([told.status, await codeOf(told)]).toEqual([413, 'upload-too-long']);
    // Without a Content-Length the size is not known before.
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(8));
        controller.enqueue(new Uint8Array(8));
        controller.close();
      },
    });
    const streamed = await client.raw(`/v1/uploads/${id}/files/0`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/octet-stream', 'upload-offset': '0' },
      body,
      duplex: 'half',
    });
    expect([streamed.status, await codeOf(streamed)]).toEqual([413, 'upload-too-long']);
    expect(await offsetOf(id)).toBe('0');
  });

  it('require a new transfer of a file with a wrong digest', async () => {
    const id = await begin([{ path: 'model.bin', size: 4, sha256: sha256(Buffer.from('good')) }]);
    await sendPiece(client, id, 0, 0, Buffer.from('evil'));
    const wrong = await client.call('POST', `/v1/uploads/${id}/complete`);
    expect([wrong.status, wrong.body.code]).toEqual([422, 'upload-digest']);
    expect(await offsetOf(id)).toBe('0');
    await sendPiece(client, id, 0, 0, Buffer.from('good'));
    expect((await client.call('POST', `/v1/uploads/${id}/complete`)).status).toBe(200);
  });

  it('accept one writer of a file at a time', async () => {
    const size = 2 * 1024 * 1024;
    const id = await begin([{ path: 'model.bin', size }]);
    const [a, b] = await Promise.all([
      sendPiece(client, id, 0, 0, Buffer.alloc(size, 1)),
      sendPiece(client, id, 0, 0, Buffer.alloc(size, 2)),
    ]);
    expect([a.status, b.status].sort()).toEqual([204, 409]);
    expect(await offsetOf(id)).toBe(String(size));
  });

  describe('with file names', () => {
    const refused = [
      '../etc/passwd',
      '/etc/passwd',
      'a/../../b',
      'a/./b',
      'a//b',
      'a\\b',
      'a\0b',
      'CON',
      'models/nul.bin',
      'com1.txt',
      'a.',
      'a ',
      ' a',
      'a:b',
      'c:/x',
      '\u202egnp.exe',
      'a\nb',
      'x'.repeat(256),
      `${'d/'.repeat(40)}x`,
    ];
    it.each(refused)('are refused: %j', async (path) => {
      const { status, body } = await client.call('POST', '/v1/uploads', { files: [{ path, size: 1 }] });
      expect([status, body.code]).toEqual([422, 'upload-name']);
    });

    const clashes = [
      ['a', 'a'],
      ['Model.bin', 'model.BIN'],
      ['a/b', 'A/c'],
      ['a', 'a/b'],
      ['\u00e9.bin', 'e\u0301.bin'],
      ['ﬁle', 'file'],
    ];
    it.each(clashes)('are refused: %j beside %j', async (one, other) => {
      const files = [one, other].map((path) => ({ path, size: 1 }));
      const { status, body } = await client.call('POST', '/v1/uploads', { files });
      expect([status, body.code]).toEqual([422, 'upload-name']);
    });

    it('are accepted in every script', async () => {
      await begin(['模型/重み.bin', 'modèle/poids.bin', 'a.b-c_d (1).json'].map((path) => ({ path, size: 0 })));
    });
  });

  it('refuse more than the limit of a tenant before anything is written', async () => {
    const one = await client.call('POST', '/v1/uploads', { files: [{ path: 'a', size: 65 * 1024 * 1024 }] });
    expect([one.status, one.body.code]).toEqual([413, 'upload-too-large']);
    const many = await client.call('POST', '/v1/uploads', {
      files: Array.from({ length: 101 }, (_, i) => ({ path: `f${i}`, size: 0 })),
    });
    expect([many.status, many.body.code]).toEqual([400, 'invalid-request']);
    const greedy = await service().as('greedy', ['submitter'], 'greedy');
    const size = 64 * 1024 * 1024;
    const answers = await Promise.all(
      Array.from({ length: 18 }, () => greedy.call('POST', '/v1/uploads', { files: [{ path: 'a', size }] })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(16);
    const [none] = answers.filter(({ status }) => status !== 201);
    expect([none?.status, none?.body.code]).toEqual([413, 'upload-quota']);
    const id = answers.find(({ status }) => status === 201)?.body.id;
    expect((await greedy.call('DELETE', `/v1/uploads/${id}`)).status).toBe(204);
    expect((await greedy.call('POST', '/v1/uploads', { files: [{ path: 'a', size }] })).status).toBe(201);
  });

  it('are hidden from other tenants, and unknown ids are not found', async () => {
    const id = await begin([{ path: 'model.bin', size: 1 }]);
    const other = await service().as('stranger', ['submitter', 'admin'], 'other');
    for (const [method, path] of [
      ['GET', `/v1/uploads/${id}`],
      ['POST', `/v1/uploads/${id}/complete`],
      ['DELETE', `/v1/uploads/${id}`],
      ['GET', '/v1/uploads/..%2F..%2Fetc'],
      ['GET', `/v1/uploads/${id}x`],
    ] as const) {
      const { status, body } = await other.call(method, path);
      expect([path, status, body.code]).toEqual([path, 404, 'upload-not-found']);
    }
    const sent = await sendPiece(other, id, 0, 0, Buffer.from('x'));
    expect(sent.status).toBe(404);
    expect((await client.call('GET', `/v1/uploads/${id}`)).status).toBe(200);
  });

  it('refuse a body that is not binary, and a file that was not announced', async () => {
    const id = await begin([{ path: 'model.bin', size: 2 }]);
    const json = await client.raw(`/v1/uploads/${id}/files/0`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', 'upload-offset': '0' },
      body: '{}',
    });
    expect([json.status, await codeOf(json)]).toEqual([415, 'wrong-content-type']);
    const none = await client.raw(`/v1/uploads/${id}/files/0`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/octet-stream' },
      body: 'ab',
    });
    expect(await codeOf(none)).toBe('invalid-request');
    expect((await sendPiece(client, id, 7, 0, Buffer.from('x'))).status).toBe(404);
  });
});
