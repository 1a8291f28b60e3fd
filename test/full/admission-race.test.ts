import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { Authority, type Pair, place } from '../admission-webhook/server/certificates.ts';
import { ask, type Reply } from '../admission-webhook/server/ground.ts';
import { AnswerCheck, type Question, questions, writeSnapshot } from '../admission-webhook/server/race-ground.ts';
import { MAIN } from '../cli/run-cli.ts';
import { writer } from '../snapshot/samples.ts';
import { freePort } from '../support/free-port.ts';
import { tempFolder } from '../support/temp.ts';

// A soak: test/admission-webhook/server/race.test.ts controls the order of replacements and reviews.
const REQUESTS = 10_000;
const CLIENTS = 16;

const folder = tempFolder();
const snapshotFile = join(folder, 'snapshot.json');
let child: ChildProcess | undefined;
afterAll(async () => {
  if (child === undefined || child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
});

/** Runs beside the requests, until it is stopped. */
async function repeat(stop: { done: boolean }, pauseMs: number, step: (round: number) => Promise<void> | void) {
  for (let round = 0; !stop.done; round++) {
    await step(round);
    await sleep(pauseMs);
  }
}

describe('10,000 reviews while snapshots and certificates are replaced', () => {
  it('are all answered, each from a snapshot that was current', { timeout: 300_000 }, async () => {
    const authority = new Authority(folder, 'ca');
    const pairs: readonly Pair[] = ['first', 'second', 'third'].map((name) => authority.server(name));
    const files = place(folder, pairs[0] as Pair);
    const keyFile = join(folder, 'snapshot.pub');
    writeFileSync(keyFile, writer.publicKey.export({ type: 'spki', format: 'pem' }));
    await writeSnapshot(snapshotFile, 1);
    const [port, metricsPort] = [await freePort(), await freePort()];
    const args = ['admit', '--snapshot', snapshotFile, '--snapshot-key', keyFile, '--poll', '1', '--drain', '0'];
    const serving = ['--listen', `127.0.0.1:${port}`, '--metrics-listen', `127.0.0.1:${metricsPort}`];
    const tls = ['--tls-cert', files.cert, '--tls-key', files.key, '--log', 'none'];
    child = spawn(process.execPath, [MAIN, ...args, ...serving, ...tls], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.on('data', (part) => {
      said += part;
    });
    const get = async (path: string) => fetch(`http://127.0.0.1:${metricsPort}${path}`).catch(() => undefined);
    await expect.poll(async () => (await get('/readyz'))?.status).toBe(200);

    const stop = { done: false };
    let written = 1;
    const beside = Promise.all([
      repeat(stop, 150, async () => {
        // Announced before it is published: an answer cannot be from a later one.
        written++;
        await writeSnapshot(snapshotFile, written);
      }),
      repeat(stop, 250, (round) => void place(folder, pairs[(round + 1) % pairs.length] as Pair)),
    ]);
    const late = performance.now() + 120_000;
    const all = questions();
    const versions = new Set<number>();
    const servers = new Set<string>();
    const answers = new AnswerCheck();
    const { wrong } = answers;
    let [next, newest, fresh] = [0, 0, 0];
    // A fast machine continues: snapshots and certificates arrive by the clock.
    const isEnough = () =>
      performance.now() > late || (versions.size > 5 && servers.size === pairs.length && fresh > 500);
    const check = (question: Question, reply: Reply, from: number, until: number) => {
      const version = answers.check(question, reply);
      servers.add(reply.server);
      if (!(version >= from && version <= until))
        wrong.push(`${question.name}: version ${version}, not ${from} to ${until}`);
      versions.add(version);
      newest = Math.max(newest, version);
    };
    const client = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.cert });
      for (let mine = 0; next < REQUESTS || !isEnough(); mine++) {
        const question = all[next++ % all.length] as Question;
        const from = newest;
        // Every tenth request uses a new connection, which gets the newest certificate.
        const own = mine % 10 === 9;
        if (own) fresh++;
        const through = own ? { ca: authority.cert } : { agent };
        const reply = await ask(`https://127.0.0.1:${port}/validate?timeout=20s`, { ...through, body: question.body });
        check(question, reply, from, written);
      }
      agent.destroy();
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    stop.done = true;
    await beside;
    expect(wrong).toEqual([]);
    expect(next).toBeGreaterThanOrEqual(REQUESTS);
    expect(versions.size).toBeGreaterThan(5);
    expect([...versions].some((version) => version % 2 === 0)).toBe(true);
    expect(servers.size).toBe(pairs.length);
    expect(fresh).toBeGreaterThan(500);
    const metrics = (await (await get('/metrics'))?.text()) ?? '';
    expect(metrics).toContain('assay_admission_errors_total 0');
    expect(metrics).not.toMatch(/refused_requests_total\{/);
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(143);
    expect(said).not.toMatch(/defect/);
    console.info(`answered from ${versions.size} versions, ${fresh} new connections, ${servers.size} certificates`);
  });
});
