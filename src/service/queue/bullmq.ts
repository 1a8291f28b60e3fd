import { Queue as BullQueue } from 'bullmq';
import { sleep } from '../../core/index.ts';
import type { JobStore } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import { workBullmq } from './bullmq-work.ts';
import type { Queue, Tell } from './queue.ts';
import { CANCEL_CHANNEL, checkRedisUrl, connectRedis, evictionTrouble, PREFIX, QUEUE_NAME } from './redis.ts';

/** How long a request may wait for the server. */
const PATIENCE_MS = 2_000;
/** How many jobs a server that lost its memory is told of at a time, the first to be run first. */
const SYNC_LIMIT = 5_000;
const MAX_PRIORITY = 2 ** 20;

/** Kept by the store, moved by BullMQ: what ends a job is the store's, so Redis may lose everything. */
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
  const add = async (all: readonly { readonly id: string; readonly priority: number }[]) => {
    if (all.length === 0) return;
    const told = all.map(({ id, priority }) => ({
      name: 'scan',
      data: {},
      opts: { jobId: id, priority: bullPriority(priority), ...KEEP_NOTHING },
    }));
    await within(queue.addBulk(told)).catch((error: unknown) =>
      tell(`Redis is notified later of ${namesOf(all.map(({ id }) => id))}: ${messageOf(error)}`),
    );
  };
  const bullmq: Queue = {
    kind: 'bullmq',
    enqueue: (...jobs) => add(jobs),
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
      const ids = await jobs.queued(SYNC_LIMIT);
      // In the order in which they are to run: their priorities are the store's.
      await add(ids.map((id, index) => ({ id, priority: -index })));
    },
    async depth() {
      const counts = await within(queue.getJobCounts('wait', 'prioritized', 'delayed', 'active'));
      const { wait = 0, prioritized = 0, delayed = 0, active = 0 } = counts;
      return { waiting: wait + prioritized + delayed, active };
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

/** Of BullMQ, where lower is first, and none at all is before all. */
function bullPriority(priority: number): number {
  return Math.max(1, Math.min(2 * MAX_PRIORITY - 1, MAX_PRIORITY - Math.trunc(priority)));
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
