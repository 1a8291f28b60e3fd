import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Batch, type Job, loadRegistryRules, openRegistry, type Registry } from '../../src/registry/index.ts';
import { started } from '../service/queue/backends.ts';
import { FakeHub, fakeFile } from '../support/fake-hub.ts';
import { requirePart } from '../support/parts.ts';
import { HOW, hasPostgres, PostgresServer } from '../support/postgres.ts';
import { hasRedis, REDIS_HOW, RedisServer } from '../support/redis.ts';
import { TOKEN_OWNERS, UNLIMITED } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';
import { type Barrier, barrier, until } from '../support/until.ts';
import { judge, judgeBatches, operator, RULES } from './chaos-judge.ts';
import { ask, Town } from './town.ts';

/** The number of jobs per batch. */
const BATCH = 6;
/** The capacity of two workers with two jobs each. */
const RUNNING = 4;
const TEST_MS = 600_000;
const folder = tempFolder();

interface Place {
  readonly name: string;
  readonly database: string;
  readonly queue: string;
  /** Failures that happen while jobs run. */
  readonly disasters: readonly Disaster[];
}

interface Disaster {
  strike(): Promise<void>;
  restore(): Promise<void>;
}

/** A Hub whose answers wait for the test: a job runs until then. */
class Models {
  readonly #gates = new Map<string, Barrier>();
  readonly #hub: FakeHub;

  constructor(hub: FakeHub) {
    this.#hub = hub;
  }

  /** @returns the reference of the model */
  add(name: string): string {
    const text = `# ${name}\n`;
    const commit = this.#hub.repo(`acme/${name}`).commit([fakeFile('README.md', text), fakeFile('config.json', '{}')]);
    const gate = barrier();
    this.#gates.set(name, gate);
    this.#hub.fail(new RegExp(`GET hub:/acme/${name}/resolve/`), { waitsFor: gate.opened });
    return `hf://acme/${name}@${commit}`;
  }

  /** The models that were requested since a moment. */
  askedSince(moment: number): ReadonlySet<string> {
    const paths = this.#hub.requests.slice(moment).map(({ url }) => /^\/acme\/([^/]+)\/resolve\//.exec(url)?.[1]);
    return new Set(paths.filter((name) => name !== undefined));
  }

  get now(): number {
    return this.#hub.requests.length;
  }

  open(names: Iterable<string> = this.#gates.keys()): void {
    for (const name of names) this.#gates.get(name)?.open();
  }
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
  const hub = await FakeHub.start();
  const models = new Models(hub);
  const env = {
    ASSAY_DATA: data,
    ASSAY_DATABASE: database,
    ASSAY_QUEUE: queue,
    ASSAY_RULES: join(data, 'rules.yaml'),
    ASSAY_APPROVAL_KEY: join(data, 'key.pem'),
    ASSAY_HUB_ENDPOINT: hub.endpoint,
    ASSAY_ALLOW_PRIVATE_ADDRESSES: 'true',
    ...UNLIMITED,
    ...TOKEN_OWNERS,
    ASSAY_LOG_LEVEL: 'error',
  };
  const town = await Town.build(env, 2, ['--lease', '10']);
  try {
    const [jobs, batches]: [Job[], string[]] = [[], []];
    const askFor = async (prefix: string) => {
      const requests = Array.from({ length: BATCH }, (_, i) => ({ ref: models.add(`${prefix}${i}`) }));
      const answer = await ask(town, sam.secret, 'POST', '/v1/jobs/batch', { jobs: requests });
      expect(answer?.status, JSON.stringify(answer?.body)).toBe(202);
      for (const { job } of (answer?.body.items ?? []) as { job: Job }[]) jobs.push(job);
      batches.push((answer?.body.batch as Batch | undefined)?.id ?? 'none');
    };

    // The workers die during their work; other workers do it again.
    await askFor('first');
    await untilRunning(town, models, 0);
    const died = models.now;
    for (let i = 0; i < 2; i++) await town.killWorker();
    await untilRunning(town, models, died);

    // A server dies while jobs run, which end before it is back.
    for (const { strike, restore } of place.disasters) {
      await strike();
      models.open();
      await restore();
      await untilAllEnded(town, registry, jobs.length);
      const before = models.now;
      await askFor(`after${batches.length}-`);
      await untilRunning(town, models, before);
    }
    models.open();
    await untilAllEnded(town, registry, jobs.length);
    const moved = jobs.slice(0, STRIKES.length);
    for (const [i, strike] of STRIKES.entries()) {
      const { version } = await registry.jobs.get(operator, moved[i]?.id ?? '');
      await moveOn(town, registry, version ?? '', { sam: sam.secret, rita: rita.secret }, strike);
    }
    await judge(registry, jobs, moved);
    await judgeBatches(registry, batches, BATCH);
    const taken = await Promise.all(jobs.map(async ({ id }) => (await registry.jobs.get(operator, id)).attempts));
    expect(Math.max(...taken)).toBeGreaterThan(1);
    expect(town.kills).toBe(2 + STRIKES.length);
    expect(await town.close(), town.said).toEqual([143, 143, 143]);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.stack : error}\nkills: ${town.kills}\n${town.said}`, {
      cause: error,
    });
  } finally {
    models.open();
    await town.close();
    await registry.close();
    await hub.close();
  }
}

/** Waits until all workers are busy with jobs that were claimed since a moment. */
function untilRunning(town: Town, models: Models, since: number): Promise<void> {
  return until(`${RUNNING} jobs run`, () => {
    town.revive();
    return models.askedSince(since).size >= RUNNING;
  });
}

function untilAllEnded(town: Town, registry: Registry, all: number): Promise<void> {
  return until('all jobs end', async () => {
    town.revive();
    const { done, failed, cancelled } = await registry.jobs.counts();
    return done + failed + cancelled === all;
  });
}

/** The moment at which the service dies around an approval. */
const STRIKES = ['before it is asked', 'when it is asked', 'when the approval is kept'] as const;

interface Tokens {
  readonly sam: string;
  readonly rita: string;
}

/** Requests a stage and approves, as users who retry do, while the service is killed in between. */
async function moveOn(
  town: Town,
  registry: Registry,
  version: string,
  { sam, rita }: Tokens,
  strike: (typeof STRIKES)[number],
): Promise<void> {
  const request = { to: 'staging', comment: 'for the team' };
  const asked = await ask(town, sam, 'POST', `/v1/versions/${version}/transition-requests`, request);
  expect(asked?.status).toBe(201);
  const { items } = await registry.transitions(operator, { version });
  const vote = () => ask(town, rita, 'POST', `/v1/transitions/${items[0]?.id}/approve`, { comment: 'read' });
  const stateOf = async () => (await registry.transitions(operator, { version })).items[0]?.state;
  if (strike === 'before it is asked') {
    await town.killService();
    expect(await vote()).toBeUndefined();
    expect(await stateOf()).toBe('open');
  } else {
    const voted = vote();
    if (strike === 'when the approval is kept') {
      await until('the approval is stored', async () => (await stateOf()) === 'approved');
    }
    await town.killService();
    await voted;
  }
  await town.startService();
  // A user without an answer retries.
  await vote();
  expect(await stateOf()).toBe('approved');
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
        const disasters: readonly Disaster[] = [
          { strike: () => postgres().down('SIGQUIT'), restore: () => postgres().up() },
          { strike: () => redis().down(), restore: () => redis().up() },
          { strike: () => redis().down(), restore: () => redis().forget() },
        ];
        const database = await postgres().freshDatabase();
        await live({ name: 'team', database, queue: redis().url, disasters });
      },
      TEST_MS,
    );
  });
});
