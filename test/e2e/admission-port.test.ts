import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirePart, STORY } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { Authority } from './admission/certificates.ts';
import { GROUND_PART, HOW_GROUND, hasGround } from './admission/chart.ts';
import { onGround } from './admission/ground.ts';
import { APPROVED, STRAY } from './admission/models.ts';
import { podSpec } from './admission/sample.ts';

const TOKEN = 'the-API-server-alone-knows-this';

requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  "the webhook's port",
  () => {
    // The API server authenticates by its --admission-control-config-file.
    const ground = onGround({
      kube: { webhookUser: { token: TOKEN } },
      config: {},
      args: (own) => {
        writeFileSync(own.file('token'), `${TOKEN}\n`);
        return ['--client-token-file', own.file('token')];
      },
    });
    let agent: Agent;
    beforeAll(() => {
      agent = new Agent({ connect: { ca: ground().authority.certificate } });
    });
    afterAll(() => agent.destroy());

    async function post(body: string | Buffer, options: { token?: string; path?: string; type?: string } = {}) {
      const { token = TOKEN, path = '/validate', type = 'application/json' } = options;
      const headers = { 'content-type': type, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) };
      const answer = await request(`${ground().webhook.url}${path}`, {
        method: 'POST',
        headers,
        body,
        dispatcher: agent,
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, text };
    }

    describe('with a token', () => {
      it('answers the API server', async () => {
        expect((await ground().pod(podSpec(APPROVED))).status).toBe(201);
        const { status, body } = await ground().pod(podSpec(STRAY));
        expect([status, body.message]).toEqual([403, expect.stringContaining(STRAY.hub)]);
      });

      it('refuses other clients without information', async () => {
        const review = JSON.stringify(reviewOf({ spec: podSpec(APPROVED) }));
        for (const token of ['', 'wrong', `${TOKEN}x`, TOKEN.slice(1)]) {
          const { status, text } = await post(review, { token });
          expect(status).toBe(200);
          expect(JSON.parse(text).response).toMatchObject({ allowed: false, status: { code: 401 } });
          expect(text).not.toMatch(/approved|llama/);
        }
        expect(JSON.parse((await post(review)).text).response.allowed).toBe(true);
      });

      it('refuses every request of the API server with another token', async () => {
        const { webhook } = ground();
        writeFileSync(ground().file('token'), 'the-API-server-has-another\n');
        await webhook.stop();
        await webhook.again();
        const { status, body } = await ground().pod(podSpec(APPROVED));
        expect([status, body.message]).toEqual([401, expect.stringMatching(/denied the request/)]);
        expect(body.message).not.toContain('llama');
        writeFileSync(ground().file('token'), `${TOKEN}\n`);
        await webhook.stop();
        await webhook.again();
        expect((await ground().pod(podSpec(APPROVED))).status).toBe(201);
      });
    });

    describe('refuses an unreadable review with a code, and not with an HTTP error:', () => {
      const good = reviewOf({ spec: podSpec(APPROVED) });
      const change = (more: object) => JSON.stringify({ ...good, request: { ...good.request, ...more } });
      it.each<[string, string | Buffer]>([
        ['an empty body', ''],
        ['invalid JSON', '{"apiVersion":'],
        ['no object', '[]'],
        ['binary bytes', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
        ['another version', JSON.stringify({ ...good, apiVersion: 'admission.k8s.io/v1beta1' })],
        ['another kind', JSON.stringify({ ...good, kind: 'Pod' })],
        ['no request', JSON.stringify({ apiVersion: good.apiVersion, kind: good.kind })],
        ['a request that is a list', JSON.stringify({ ...good, request: [] })],
        ['no object in a CREATE', change({ object: null })],
        ['an invalid operation', change({ operation: 'REPLACE' })],
        ['an object of another kind', change({ object: { apiVersion: 'v1', kind: 'Secret', metadata: {} } })],
        ['a deeply nested object', change({ object: 'DEEP' }).replace('"DEEP"', nested(5_000))],
        ['too many bytes', JSON.stringify({ ...good, filler: 'x'.repeat(17 * 1024 * 1024) })],
      ])('%s', async (_, body) => {
        for (const path of ['/validate', '/mutate']) {
          const { status, text } = await post(body, { path });
          expect(status).toBe(200);
          const { kind, response } = JSON.parse(text);
          expect(kind).toBe('AdmissionReview');
          expect(response.allowed).toBe(false);
          expect(response.status).toMatchObject({
            code: Buffer.byteLength(body) > 1 << 24 ? 413 : 400,
            message: expect.stringMatching(/cannot be read|is larger than/),
          });
          expect(response.patch).toBeUndefined();
        }
      });

      it('and answers with the uid of the request', async () => {
        const { text } = await post(change({ operation: 'REPLACE' }));
        expect(JSON.parse(text).response.uid).toBe(good.request.uid);
      });
    });
  },
  STORY,
);

requirePart(
  GROUND_PART,
  hasGround,
  HOW_GROUND,
  "the webhook's port with a client certificate",
  () => {
    const folder = tempFolder();
    const clients = new Authority(folder, 'clients');
    const file = (name: string) => join(folder, name);
    for (const [name, from] of [
      ['kube-apiserver', clients],
      ['mallory', clients],
      ['stranger', new Authority(folder, 'strangers')],
    ] as const) {
      from.issueClient(file(`${name}.crt`), file(`${name}.key`), name === 'mallory' ? name : 'kube-apiserver');
    }
    const base64 = (name: string) => readFileSync(file(name)).toString('base64');
    const ground = onGround({
      kube: {
        webhookUser: {
          'client-certificate-data': base64('kube-apiserver.crt'),
          'client-key-data': base64('kube-apiserver.key'),
        },
      },
      args: () => ['--client-ca', file('clients.crt'), '--client-name', 'kube-apiserver'],
    });

    it('answers the API server, and refuses a missing certificate, another name and another authority', async () => {
      expect((await ground().pod(podSpec(APPROVED))).status).toBe(201);
      expect((await ground().pod(podSpec(STRAY))).status).toBe(403);
      const asked = async (name: string | undefined) => {
        const own =
          name === undefined ? {} : { cert: readFileSync(file(`${name}.crt`)), key: readFileSync(file(`${name}.key`)) };
        const agent = new Agent({ connect: { ca: ground().authority.certificate, ...own } });
        const body = JSON.stringify(reviewOf({ spec: podSpec(APPROVED) }));
        const headers = { 'content-type': 'application/json' };
        try {
          const answer = await request(`${ground().webhook.url}/validate`, {
            method: 'POST',
            headers,
            body,
            dispatcher: agent,
          });
          return JSON.parse(await answer.body.text()).response.allowed as boolean;
        } catch {
          // The server may end the handshake itself.
          return false;
        } finally {
          await agent.destroy();
        }
      };
      expect(await asked('kube-apiserver')).toBe(true);
      for (const name of [undefined, 'mallory', 'stranger']) expect(await asked(name)).toBe(false);
    });
  },
  STORY,
);

function reviewOf(object: object) {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '0c8e6af2-e8d1-42e8-aa45-8c1d837a5c9b',
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: 'llm',
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'alice', groups: ['system:authenticated'] },
      object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'llm', namespace: 'default' }, ...object },
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

/** Written as text, since JSON.stringify cannot write such nesting. */
function nested(depth: number): string {
  return `{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
}
