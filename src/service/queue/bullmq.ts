import { Queue as BullQueue } from 'bullmq';
import { sleep } from '../../core/index.ts';
import type { JobStore } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import { workBullmq } from './bullmq-work.ts';
import type { Queue, Tell } from './queue.ts';
import {
  CANCEL_CHANNEL,
  checkRedisUrl,
  connectRedis,
  evictionTrouble,
  NEW_CHANNEL,
  PREFIX,
  QUEUE_NAME,
} from './redis.ts';

/** How long a request may wait for the server. */
const PATIENCE_MS = 2_000;
/** How many jobs a server that lost its memory is told of at a time, the first to be run first. */
const SYNC_LIMIT = 5_000;

/** Kept by the store, announced by BullMQ: which job is next and how it ended is the store's, so Redis may lose everything. */
const KEEP_NOTHING = { removeOnComplete: true, removeOnFail: true } as const;

/**
 * The queue over Redis 6.2 or Valkey. Jobs of BullMQ have the ids of the store, and hold nothing else.
 * @throws AssayError `usage`
 */
export function bullmqQueue(address: string, jobs: JobStore, tell: Tell): Queue {
  const url = checkRedisUrl(address);
  const client = connectRedis(url, { maxRetriesPerRequest: 1 }, tell);
  const queue = new BullQueue(QUEUE_NAME, { connection: client, prefix: PREFIX });
  // The client itself tells of these.
  queue.on('error', () => undefined);
  let isEvictionChecked = false;

  const checkEviction = async () => {
    if (isEvictionChecked) return;
    isEvictionChecked = true;
    const trouble = await within(evictionTrouble(client)).catch(() => undefined);
    if (trouble !== undefined) tell(trouble);
  };
  const add = async (ids: readonly string[]) => {
    if (ids.length === 0) return;
    const tickets = ids.map((id) => ({ name: 'scan', data: {}, opts: { jobId: id, ...KEEP_NOTHING } }));
    const told = queue.addBulk(tickets).then(() => client.publish(NEW_CHANNEL, ''));
    await within(told).catch((error: unknown) =>
      tell(`Redis is notified later of ${namesOf(ids)}: ${messageOf(error)}`),
    );
  };
  const bullmq: Queue = {
    kind: 'bullmq',
    enqueue: (...jobs) => add(jobs.map(({ id }) => id)),
    async cancel(...ids) {
      const asked = ids.flatMap((id) => [client.publish(CANCEL_CHANNEL, id), queue.remove(id)]);
      await within(Promise.all(asked)).catch((error: unknown) =>
        tell(`workers receive late the cancellation of (${namesOf(ids)}): ${messageOf(error)}`),
      );
    },
    async work(handler, options) {
      void checkEviction();
      await workBullmq({ url, jobs, sync: () => bullmq.sync() }, handler, options);
    },
    async sync() {
      await add(await jobs.queued(SYNC_LIMIT));
    },
    async depth() {
      const { queued, running } = await jobs.counts();
      return { waiting: queued, active: running };
    },
    ready: () =>
      within(client.ping()).then(
        (answer) => answer === 'PONG',
        () => false,
      ),
    async close() {
      await within(queue.close()).catch(() => undefined);
      client.disconnect();
    },
  };
  return bullmq;
}

function namesOf(ids: readonly string[]): string {
  return ids.length === 1 ? `job ${ids[0]}` : `${ids.length} jobs`;
}

/** An unavailable server delays requests, so callers continue without an answer. */
async function within<T>(asked: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timeout = sleep(PATIENCE_MS, late.signal).then((passed): never | Promise<never> => {
    if (passed) throw new Error(`no answer within ${PATIENCE_MS} ms`);
    return new Promise<never>(() => undefined);
  });
  asked.catch(() => undefined);
  try {
    return await Promise.race([asked, timeout]);
  } finally {
    late.abort();
  }
}
