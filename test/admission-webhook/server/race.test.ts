import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { openSnapshotFeed } from '../../../admission-webhook/src/index.ts';
import { writer } from '../../snapshot/samples.ts';
import { tempFolder } from '../../support/temp.ts';
import { until } from '../../support/until.ts';
import { type Pair, place } from './certificates.ts';
import { ask, type Reply, startWebhook } from './ground.ts';
import { AnswerCheck, type Question, questions, writeSnapshot } from './race-ground.ts';

const ROUNDS = 8;
const folder = tempFolder();
const snapshotFile = join(folder, 'snapshot.json');

/** A review of which the webhook has received the first half: the test sends the rest later. */
interface Half {
  readonly question: Question;
  readonly sent: number;
  finish(): Promise<Reply>;
}

async function half(url: string, ca: string, question: Question): Promise<Half> {
  const { body } = question;
  const sent = Math.floor(body.length / 2);
  const asked = request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length },
    agent: false,
    ca,
  });
  const answered = new Promise<Reply>((resolve, reject) => {
    asked.on('error', reject);
    asked.on('response', (response) => {
      const { localPort: from = 0 } = response.socket;
      const { CN } = (response.socket as TLSSocket).getPeerCertificate().subject;
      const server = String(CN);
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, from, server }),
      );
    });
  });
  answered.catch(() => undefined);
  await new Promise<void>((resolve) => asked.write(body.subarray(0, sent), () => resolve()));
  const finish = () => {
    asked.end(body.subarray(sent));
    return answered;
  };
  return { question, sent, finish };
}

describe('reviews while snapshots and certificates are replaced', () => {
  it('are all answered, each from the snapshot that is current when the review is complete', {
    timeout: 300_000,
  }, async () => {
    const names = ['gate', 'second', 'third'];
    const keyFile = join(folder, 'snapshot.pub');
    writeFileSync(keyFile, writer.publicKey.export({ type: 'spki', format: 'pem' }));
    await writeSnapshot(snapshotFile, 1);
    const feed = await openSnapshotFeed({
      from: snapshotFile,
      key: keyFile,
      tenant: null,
      tokenFile: null,
      state: null,
      floor: null,
      pollSeconds: 1,
      kube: null,
      env: {},
    });
    // The test closes no connection when the machine is slow.
    const webhook = await startWebhook({ parts: { feed }, pollMs: 200, rules: { keepAliveMs: 3_600_000 } });
    const { authority } = webhook;
    const first: Pair = {
      cert: readFileSync(webhook.files.cert, 'utf8'),
      key: readFileSync(webhook.files.key, 'utf8'),
    };
    const pairs: readonly Pair[] = [first, ...names.slice(1).map((name) => authority.server(name))];
    const url = `${webhook.url}/validate?timeout=20s`;
    const get = (path: string) => fetch(`${webhook.serving.metricsUrl}${path}`);
    const metric = async (name: string) => {
      const text = await (await get('/metrics')).text();
      return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    };
    expect((await get('/readyz')).status).toBe(200);

    const all = questions();
    const answers = new AnswerCheck();
    const { wrong } = answers;
    const check = (question: Question, reply: Reply, wanted: number) => {
      const version = answers.check(question, reply);
      if (version !== wanted) wrong.push(`${question.name}: version ${version}, not ${wanted}`);
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.cert });
    const standing = new Set<string>();
    let answered = 0;
    for (let version = 1; version <= ROUNDS; version++) {
      // Each review started while the previous snapshot was current, and is complete when the next one is.
      const open = await Promise.all(all.map((question) => half(url, authority.cert, question)));
      const arrived = open.reduce((sum, { sent }) => sum + sent, 0);
      await until(
        'the first halves have arrived',
        async () => (await metric('assay_admission_body_bytes')) === arrived,
      );
      for (const question of all) {
        const reply = await ask(url, { agent, body: question.body });
        check(question, reply, version);
        standing.add(`${reply.from} ${reply.server}`);
        answered++;
      }
      const [before, next] = [names[(version - 1) % names.length], names[version % names.length]];
      await writeSnapshot(snapshotFile, version + 1);
      place(webhook.folder, pairs[version % pairs.length] as Pair);
      await until('the snapshot is held', async () => (await metric('assay_admission_snapshot_version')) > version);
      await until('the certificate is served', async () => {
        const { server } = await ask(`${webhook.url}/healthz`, { method: 'GET', ca: authority.cert });
        return server === next;
      });
      for (const { question, finish } of open) {
        const reply = await finish();
        check(question, reply, version + 1);
        expect(reply.server).toBe(before);
        answered++;
      }
    }
    agent.destroy();
    expect(wrong).toEqual([]);
    expect(answered).toBe(2 * ROUNDS * all.length);
    expect(answers.same).toBeGreaterThan(10);
    // One connection stayed open all the time, with its first certificate.
    expect([...standing]).toEqual([expect.stringMatching(/^\d+ gate$/)]);
    expect(await metric('assay_admission_body_bytes')).toBe(0);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('assay_admission_errors_total 0');
    expect(metrics).not.toMatch(/refused_requests_total\{/);
    expect(webhook.told).toEqual([]);
    await webhook.close();
    await feed.close();
  });
});
