import { type Job as BullJob, DelayedError, Worker } from 'bullmq';
import { sleep } from '../../core/index.ts';
import type { JobStore } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import type { JobHandler, WorkOptions } from './queue.ts';
import { CANCEL_CHANNEL, connectRedis, PREFIX, QUEUE_NAME, RECONNECT, tellOnce } from './redis.ts';
import { Running } from './running.ts';

/** How often a server is told again what it may have forgotten. */
const SYNC_MS = 15_000;
/** Before a job that somebody else holds, or that could not be claimed, is looked at again. */
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

/** Works off the queue until `options.signal` fires, then closes the worker under a deadline. */
export async function workBullmq(parts: BullmqParts, handler: JobHandler, options: WorkOptions): Promise<void> {
  const { signal, leaseMs, graceMs, tell, lookMs = SYNC_MS } = options;
  const running = new Running(parts.jobs, handler, options);
  const subscriber = connectRedis(parts.url, { maxRetriesPerRequest: null }, tell);
  subscriber.on('message', (_channel, id) => running.cancel(id));
  const worker = new Worker(QUEUE_NAME, (job, token) => work(job, token, parts.jobs, running, options), {
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
    .subscribe(CANCEL_CHANNEL)
    .catch((error: unknown) => tell(`cancellations arrive late: ${messageOf(error)}`));
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

/** One job of BullMQ. It is over when the store says so; until then it comes back after a pause. */
async function work(
  job: BullJob,
  token: string | undefined,
  jobs: JobStore,
  running: Running,
  options: WorkOptions,
): Promise<void> {
  const { id } = job;
  if (id === undefined) return;
  const pause = await attempt(id, jobs, running, options).catch((error: unknown) => {
    options.tell(`job ${id}: ${messageOf(error)}`);
    return AGAIN_MS;
  });
  if (pause === undefined) return;
  await job.moveToDelayed(Date.now() + pause, token);
  throw new DelayedError();
}

/** @returns the pause in milliseconds before the job has to be looked at again; `undefined` when it has ended */
async function attempt(
  id: string,
  jobs: JobStore,
  running: Running,
  options: WorkOptions,
): Promise<number | undefined> {
  const claimed = await jobs.claimNamed(options.worker, options.leaseMs, id);
  const end = claimed === undefined ? 'lost' : await running.run(claimed);
  if (end !== 'lost' && (end.kind === 'registered' || end.kind === 'ended' || end.kind === 'done')) return undefined;
  const state = await jobs.state(id);
  if (state !== 'queued' && state !== 'running') return undefined;
  if (end === 'lost') return AGAIN_MS;
  return end.kind === 'failed' ? (end.afterMs ?? 0) : 0;
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
