import { writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openClientFiles } from '../../../admission-webhook/src/index.ts';
import { tempFolder } from '../../support/temp.ts';
import { reviewOf } from '../decide/support.ts';
import { Authority } from './certificates.ts';
import { ask, reviewed, startWebhook } from './ground.ts';

const BODY = reviewOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'thing' } });
const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';
const TOKEN = 'a-token-of-the-api-server';
const folder = tempFolder();

describe('a client authority', () => {
  const authority = new Authority(folder, 'clients');
  const stranger = new Authority(folder, 'strangers').client('api-server');

  it('allows reviews only with its certificates and the right name, and health checks without', async () => {
    const webhook = await startWebhook({ clientCa: authority.file, clientNames: ['api-server', 'other'] });
    const asked = async (pair?: { cert: string; key: string }) =>
      reviewed(await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: BODY, ...pair }));
    expect(await asked(authority.client('api-server'))).toMatchObject({ uid: UID, allowed: true });
    for (const [pair, why] of [
      [undefined, 'no certificate'],
      [stranger, 'no certificate'],
      [authority.client('somebody'), 'another name'],
    ] as const) {
      const answer = await asked(pair);
      expect(answer).toMatchObject({ uid: UID, allowed: false, status: { code: 401 } });
      expect(answer.status?.message).toContain(why);
    }
    const health = await ask(`${webhook.url}/healthz`, { method: 'GET', ca: webhook.authority.cert });
    expect(health).toMatchObject({ status: 200, text: 'ok\n' });
  });

  it('is replaced while the webhook serves, and sessions of the previous authority are not accepted', async () => {
    const [first, second] = [new Authority(folder, 'first'), new Authority(folder, 'second')];
    const file = join(folder, 'ca.pem');
    writeFileSync(file, first.cert);
    const webhook = await startWebhook({ clientCa: file, pollMs: 100 });
    const pair = first.client('api-server');
    const agent = new Agent({ ca: webhook.authority.cert, ...pair, maxCachedSessions: 10 });
    const asked = async (by: { cert: string; key: string }, through?: Agent) =>
      reviewed(
        await ask(`${webhook.url}/validate`, {
          ca: webhook.authority.cert,
          body: BODY,
          ...by,
          ...(through === undefined ? {} : { agent: through }),
        }),
      ).allowed;
    expect(await asked(pair, agent)).toBe(true);
    writeFileSync(file, second.cert);
    await expect.poll(() => asked(second.client('api-server'))).toBe(true);
    expect(await asked(pair)).toBe(false);
    // The agent offers the session of its first connection.
    expect(await asked(pair, agent)).toBe(false);
    agent.destroy();
    writeFileSync(file, 'nothing of the kind');
    await expect.poll(() => webhook.serving.vitals().clients?.problem).toMatch(/no readable certificates/);
    expect(await asked(second.client('api-server'))).toBe(true);
  });
});

describe('a token', () => {
  it('is required, and read again when its file changes', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    const webhook = await startWebhook({ tokenFile: file, pollMs: 100 });
    const asked = async (authorization?: string) =>
      reviewed(
        await ask(`${webhook.url}/validate`, {
          ca: webhook.authority.cert,
          body: BODY,
          headers: authorization === undefined ? {} : { authorization },
        }),
      );
    expect(await asked(`Bearer ${TOKEN}`)).toMatchObject({ uid: UID, allowed: true });
    for (const wrong of [
      undefined,
      TOKEN,
      'Bearer',
      'Bearer ',
      `Bearer ${TOKEN}x`,
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN} x`,
    ])
      expect(await asked(wrong)).toMatchObject({ uid: UID, allowed: false, status: { code: 401 } });
    expect(webhook.lines.join('')).not.toContain(TOKEN);
    const status = (authorization?: string) =>
      ask(`${webhook.url}/status`, {
        method: 'GET',
        ca: webhook.authority.cert,
        headers: authorization === undefined ? {} : { authorization },
      });
    expect((await status()).status).toBe(403);
    expect(JSON.parse((await status(`Bearer ${TOKEN}`)).text)).toMatchObject({ schemaVersion: '1', ready: true });
    writeFileSync(file, 'another-token-entirely');
    await expect.poll(async () => (await asked('Bearer another-token-entirely')).allowed).toBe(true);
    expect((await asked(`Bearer ${TOKEN}`)).allowed).toBe(false);
  });

  it('that is empty or too short is refused', async () => {
    const file = join(folder, 'short');
    for (const text of ['', '\n', 'short', 'with spaces in it all over', `${'x'.repeat(5000)}`]) {
      writeFileSync(file, text);
      const opened = openClientFiles({ ca: null, names: [], tokenFile: file });
      await expect(opened).rejects.toMatchObject({ code: 'usage', message: 'contains no token' });
    }
  });
});
