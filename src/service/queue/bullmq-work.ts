import { type Job as BullJob, DelayedError, Worker } from 'bullmq';
import { sleep } from '../../core/index.ts';
import type { JobStore } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import { Notifier } from './notifier.ts';
import type { JobHandler, WorkOptions } from './queue.ts';
import { CANCEL_CHANNEL, connectRedis, NEW_CHANNEL, PREFIX, QUEUE_NAME, RECONNECT, tellOnce } from './redis.ts';
import { Running } from './running.ts';

/** How often a server is told again what it may have forgotten. */
const SYNC_MS = 15_000;
/** How often a worker that has nothing to run looks again, when it is not told. */
const AGAIN_MS = 1_000;
/** For saying goodbye to the server, beyond the grace period of the jobs. */
const GOODBYE_MS = 3_000;
/** The store counts attempts; stalled jobs always come back. */
const MAX_STALLED = 1_000_000;

export interface BullmqParts {
  readonly url: string;
  readonly jobs: JobStore;
  sync(): Promise<void>;
}

interface WorkParts {
  readonly jobs: JobStore;
  readonly running: Running;
  readonly options: WorkOptions;
  /** Those who have a ticket and nothing to run. */
  readonly waiting: Set<Notifier>;
}

/** Works off the queue until `options.signal` fires, then closes the worker under a deadline. */
export async function workBullmq(parts: BullmqParts, handler: JobHandler, options: WorkOptions): Promise<void> {
  const { signal, leaseMs, graceMs, tell, lookMs = SYNC_MS } = options;
  const running = new Running(parts.jobs, handler, options);
  const waiting = new Set<Notifier>();
  const subscriber = connectRedis(parts.url, { maxRetriesPerRequest: null }, tell);
  subscriber.on('message', (channel, id) => {
    if (channel === CANCEL_CHANNEL) running.cancel(id);
    else for (const notifier of waiting) notifier.notify();
  });
  const workParts = { jobs: parts.jobs, running, options, waiting };
  const worker = new Worker(QUEUE_NAME, (ticket, token) => work(ticket, token, workParts), {
    connection: { url: parts.url, maxRetriesPerRequest: null, ...RECONNECT },
    prefix: PREFIX,
    name: options.worker,
    concurrency: options.concurrency,
    lockDuration: leaseMs,
    stalledInterval: Math.ceil(leaseMs / 2),
    maxStalledCount: MAX_STALLED,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  tellOnce(worker, tell);
  // Subscriptions are renewed by the client when it connects again.
  subscriber
    .subscribe(CANCEL_CHANNEL, NEW_CHANNEL)
    .catch((error: unknown) => tell(`cancellations and new jobs arrive late: ${messageOf(error)}`));
  subscriber.on('ready', () => void tellAgain(parts, options));
  while (!signal.aborted) {
    await tellAgain(parts, options);
    await sleep(lookMs, signal);
  }
  const closed = worker.close();
  // When nothing runs, a server that does not answer is waited for no longer.
  if (!(await endsWithin(closed, GOODBYE_MS)) && (running.isIdle || !(await endsWithin(closed, graceMs)))) {
    tell('the queue was not left cleanly; other workers recover the running jobs');
    await endsWithin(worker.disconnect(), GOODBYE_MS);
  }
  subscriber.disconnect();
}

async function tellAgain(parts: BullmqParts, { tell, signal }: WorkOptions): Promise<void> {
  if (signal.aborted) return;
  await parts
    .sync()
    .catch((error: unknown) => tell(`waiting jobs could not be added to the queue: ${messageOf(error)}`));
}

/**
 * One job of BullMQ: a ticket to take whichever job the store says is next. It is over when the job that it is named after has
 * ended, so that there are always as many tickets as jobs that wait or run, whatever is lost or taken twice.
 */
async function work(ticket: BullJob, token: string | undefined, parts: WorkParts): Promise<void> {
  const { id } = ticket;
  if (id === undefined) return;
  const { options, waiting } = parts;
  const notifier = new Notifier();
  waiting.add(notifier);
  try {
    while (!options.signal.aborted) {
      const step = await next(id, parts).catch((error: unknown) => {
        options.tell(`the queue: ${messageOf(error)}`);
        return 'wait' as const;
      });
      if (step === 'ended') return;
      if (step === 'wait') await notifier.wait(AGAIN_MS, options.signal);
    }
  } finally {
    waiting.delete(notifier);
  }
  await ticket.moveToDelayed(Date.now(), token);
  throw new DelayedError();
}

/** @returns `wait` when there is nothing to run now: jobs pause, other workers have them, or their tenants have enough that run */
async function next(id: string, { jobs, running, options }: WorkParts): Promise<'ended' | 'again' | 'wait'> {
  const [claimed] = await jobs.claim(options.worker, options.leaseMs, 1);
  if (claimed !== undefined)
    await running
      .run(claimed)
      .catch((error: unknown) =>
        options.tell(`job ${claimed.job.id}: its result could not be written: ${messageOf(error)}`),
      );
  const state = await jobs.state(id);
  if (state !== 'queued' && state !== 'running') return 'ended';
  return claimed === undefined ? 'wait' : 'again';
}

async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const waiting = new AbortController();
  const ended = await Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    sleep(ms, waiting.signal).then(() => false),
  ]);
  waiting.abort();
  return ended;
}
