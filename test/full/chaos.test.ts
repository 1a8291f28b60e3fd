import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Batch, type Job, loadRegistryRules, openRegistry, type Registry } from '../../src/registry/index.ts';
import { openUploadStore } from '../../src/service/uploads/files.ts';
import { judge, judgeBatches, operator, RULES } from '../e2e/chaos-judge.ts';
import { ask, Town } from '../e2e/town.ts';
import { started } from '../service/queue/backends.ts';
import { requirePart } from '../support/parts.ts';
import { HOW, hasPostgres, PostgresServer } from '../support/postgres.ts';
import { hasRedis, REDIS_HOW, RedisServer } from '../support/redis.ts';
import { TOKEN_OWNERS, testConfig, UNLIMITED } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';

// A soak: failures happen at random moments. test/e2e/chaos.test.ts places each at a known moment.
const JOBS = 200;
/** The number of jobs per batch. */
const BATCH = 50;
const TRANSITIONS = 10;
/** No failure happens while a job runs that was claimed this often: a job that was claimed five times and never ended has failed. */
const MOST_TAKEN = 3;
const END_MS = 900_000;
const TEST_MS = 960_000;
/** Processes end after so many ended jobs. */
const KILL_EVERY = 20;
const folder = tempFolder();

/** A failure, and after how many ended jobs it happens. */
type Disasters = readonly (readonly [after: number, strike: () => Promise<void>])[];

interface Place {
  readonly name: string;
  readonly database: string;
  readonly queue: string;
  readonly disasters: Disasters;
}

async function live(place: Place): Promise<void> {
  const data = join(folder, place.name);
  mkdirSync(data);
  writeFileSync(join(data, 'rules.yaml'), RULES);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(data, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const { database, queue } = place;
  const registry = await openRegistry({
    database,
    rules: await loadRegistryRules(join(data, 'rules.yaml')),
    tokenIssuer: TOKEN_OWNERS.ASSAY_TOKEN_OWNERS,
  });
  const sam = await registry.createToken(operator, { name: 'sam', roles: ['submitter', 'viewer'], ownedBy: 'sam' });
  const rita = await registry.createToken(operator, { name: 'rita', roles: ['reviewer', 'viewer'], ownedBy: 'rita' });
  const env = {
    ASSAY_DATA: data,
    ASSAY_DATABASE: database,
    ASSAY_QUEUE: queue,
    ASSAY_RULES: join(data, 'rules.yaml'),
    ASSAY_APPROVAL_KEY: join(data, 'key.pem'),
    ...UNLIMITED,
    ...TOKEN_OWNERS,
    ASSAY_LOG_LEVEL: 'error',
  };
  const targets = await uploads(data);
  const town = await Town.build(env, 2, []);
  try {
    const jobs: Job[] = [];
    const batches: string[] = [];
    for (let at = 0; at < JOBS; at += BATCH) {
      const requests = targets.slice(at, at + BATCH).map((upload, i) => ({ upload, model: `acme/m${(at + i) % 7}` }));
      const answer = await ask(town, sam.secret, 'POST', '/v1/jobs/batch', { jobs: requests });
      expect(answer?.status, JSON.stringify(answer?.body)).toBe(202);
      for (const { job } of (answer?.body.items ?? []) as { job: Job }[]) jobs.push(job);
      batches.push((answer?.body.batch as Batch | undefined)?.id ?? 'none');
    }
    const moving = moveVersions(town, registry, jobs.slice(0, TRANSITIONS), { sam: sam.secret, rita: rita.secret });
    moving.catch(() => undefined);
    await untilEnded(town, registry, place.disasters);
    await moving;
    await judge(registry, jobs, jobs.slice(0, TRANSITIONS));
    await judgeBatches(registry, batches, BATCH);
    expect(town.kills).toBeGreaterThanOrEqual(JOBS / KILL_EVERY - 1 + TRANSITIONS / 3);
    expect(await town.close(), town.said).toEqual([143, 143, 143]);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.stack : error}\nkills: ${town.kills}\n${town.said}`, {
      cause: error,
    });
  } finally {
    await town.close();
    await registry.close();
  }
}

/** Small files of real programs, each upload with a different text. @returns their ids */
async function uploads(data: string): Promise<string[]> {
  const { limits } = await testConfig(data);
  const store = await openUploadStore(join(data, 'uploads'), limits);
  const root = new URL('../../fixtures/benign/', import.meta.url).pathname;
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(pkl|npy|pt|bin|joblib)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).size < 20_000)
    .sort();
  const ids: string[] = [];
  for (let i = 0; i < JOBS; i++) {
    const model = readFileSync(files[(i * 7) % files.length] ?? '');
    const parts: [string, Buffer][] = [
      ['model.bin', model],
      ['README.md', Buffer.from(`# Model ${i}\n`)],
    ];
    const wanted = parts.map(([path, bytes]) => ({ path, size: bytes.length, sha256: null }));
    const { id } = await store.create('default', 'sam', wanted);
    for (const [path, bytes] of parts) await store.append('default', id, path, 0, Readable.from([bytes]));
    await store.complete('default', id);
    ids.push(id);
  }
  return ids;
}

async function untilEnded(town: Town, registry: Registry, disasters: Disasters): Promise<void> {
  const coming = [...disasters];
  let nextKill = KILL_EVERY;
  for (const until = performance.now() + END_MS; performance.now() < until; await delay(50)) {
    town.revive();
    // The database can be unavailable at this moment.
    const counts = await registry.jobs.counts().catch(() => undefined);
    if (counts === undefined) continue;
    const ended = counts.done + counts.failed + counts.cancelled;
    const [next] = coming;
    // On a fast machine the last jobs can end before all failures have happened.
    if (ended === JOBS && next === undefined && nextKill >= JOBS) return;
    if (!(await maySuffer(registry))) continue;
    if (next !== undefined && ended >= next[0]) {
      coming.shift();
      await next[1]();
    }
    if (ended < nextKill) continue;
    nextKill += KILL_EVERY;
    await town.killWorker();
  }
  throw new Error(`not all jobs ended: ${JSON.stringify(await registry.jobs.counts())}`);
}

/** Whether every running job can be lost once more, and once more because of a busy machine. */
async function maySuffer(registry: Registry): Promise<boolean> {
  const running = await registry.jobs.list(operator, { state: 'running', limit: 200 }).catch(() => undefined);
  return running?.items.every(({ attempts }) => attempts < MOST_TAKEN) ?? false;
}

interface Tokens {
  readonly sam: string;
  readonly rita: string;
}

/** Requests a stage and approves, as users who retry do, while the service is killed in between. */
async function moveVersions(town: Town, registry: Registry, jobs: readonly Job[], tokens: Tokens): Promise<void> {
  for (const [index, job] of jobs.entries()) {
    const version = await versionOf(registry, job);
    let strike = index % 3 === 0 ? index : undefined;
    for (let tries = 0; ; tries++) {
      if (tries > 200) throw new Error(`version ${version} does not get to staging`);
      const step = await moveOn(town, version, tokens, strike);
      if (step === 'moved') break;
      if (step === 'voted') strike = undefined;
      await delay(50);
    }
  }
}

async function versionOf(registry: Registry, job: Job): Promise<string> {
  for (let tries = 0; tries < 2_000; tries++) {
    const { state, version } = await registry.jobs.get(operator, job.id).catch(() => job);
    if (state === 'done' && version !== null) return version;
    await delay(50);
  }
  throw new Error('a job does not end');
}

/** @param strike kills the service so many milliseconds after the approval was sent */
async function moveOn(
  town: Town,
  version: string,
  { sam, rita }: Tokens,
  strike: number | undefined,
): Promise<'moved' | 'asked' | 'voted'> {
  const known = await ask(town, sam, 'GET', `/v1/transitions?version=${version}`);
  // A service that does not answer does not say that nobody asked yet.
  if (known?.status !== 200) return 'asked';
  const [transition] = (known.body.items ?? []) as { id: string; state: string }[];
  if (transition?.state === 'approved') return 'moved';
  if (transition === undefined) {
    const request = { to: 'staging', comment: 'for the team' };
    await ask(town, sam, 'POST', `/v1/versions/${version}/transition-requests`, request);
    return 'asked';
  }
  const voted = ask(town, rita, 'POST', `/v1/transitions/${transition.id}/approve`, { comment: 'read' });
  if (strike !== undefined) {
    await delay(strike);
    await town.killService();
    await town.startService();
  }
  await voted;
  return 'voted';
}

describe('failures of a local service (SQLite, embedded)', () => {
  it(
    'leave every job ended once, and no job lost or doubled',
    async () => {
      const database = `sqlite:${join(folder, 'laptop.db')}`;
      await live({ name: 'laptop', database, queue: 'embedded', disasters: [] });
    },
    TEST_MS,
  );
});

requirePart('Redis server', hasRedis, REDIS_HOW, 'failures of a team service', () => {
  requirePart('PostgreSQL server', hasPostgres, HOW, '(PostgreSQL, BullMQ)', () => {
    const redis = started(() => RedisServer.start());
    const postgres = started(() => PostgresServer.start());
    it(
      'leave every job ended once, and no job lost or doubled',
      async () => {
        const again = async (server: RedisServer | PostgresServer) => {
          await (server instanceof RedisServer ? server.down() : server.down('SIGQUIT'));
          await delay(300);
          await server.up();
        };
        const disasters: Disasters = [
          [30, () => again(redis())],
          [70, () => again(postgres())],
          [110, () => redis().forget()],
          [140, () => again(postgres())],
        ];
        const database = await postgres().freshDatabase();
        await live({ name: 'team', database, queue: redis().url, disasters });
      },
      TEST_MS,
    );
  });
});
