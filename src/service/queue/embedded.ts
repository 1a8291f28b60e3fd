import { sleep } from '../../core/index.ts';
import type { ClaimedJob, JobStore } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import { Notifier } from './notifier.ts';
import { Prefetch } from './prefetch.ts';
import type { Queue, WorkOptions } from './queue.ts';
import { Running } from './running.ts';

/** How often the store is asked for jobs that other processes wrote. */
const LOOK_MS = 500;
const RETRY_MS = 1_000;

/** The queue that needs no server: workers claim jobs from the store, at once when this process wrote them. */
export function embeddedQueue(jobs: JobStore): Queue {
  const workers = new Map<Running, Notifier>();
  const wake = () => {
    for (const notifier of workers.values()) notifier.notify();
  };
  return {
    kind: 'embedded',
    async enqueue() {
      wake();
    },
    async cancel(...ids) {
      for (const running of workers.keys()) for (const id of ids) running.cancel(id);
    },
    async work(handler, options) {
      const running = new Running(jobs, handler, options);
      const notifier = new Notifier();
      workers.set(running, notifier);
      try {
        await workOff(jobs, running, notifier, options);
      } finally {
        workers.delete(running);
      }
    },
    async sync() {
      wake();
    },
    async depth() {
      const { queued, running } = await jobs.counts();
      return { waiting: queued, active: running };
    },
    ready: () =>
      jobs.state('none').then(
        () => true,
        () => false,
      ),
    async close() {},
  };
}

async function workOff(jobs: JobStore, running: Running, notifier: Notifier, options: WorkOptions): Promise<void> {
  const { signal, concurrency, tell, lookMs = LOOK_MS, now = () => performance.now() } = options;
  const started = new Set<Promise<void>>();
  const prefetch = new Prefetch(options.ahead ?? 0);
  const start = (claimed: ClaimedJob) => {
    const since = now();
    const one: Promise<void> = running
      .run(claimed)
      .then(
        (end) => prefetch.ended(end, now() - since),
        (error: unknown) => tell(`job ${claimed.job.id}: its result could not be written: ${messageOf(error)}`),
      )
      .finally(() => {
        started.delete(one);
        notifier.notify();
      });
    started.add(one);
  };
  while (!signal.aborted) {
    const free = concurrency + prefetch.ahead - started.size;
    const claimed = free <= 0 ? [] : await claim(jobs, free, options);
    for (const one of claimed) start(one);
    if (free <= 0 || claimed.length < free) await notifier.wait(lookMs, signal);
  }
  await Promise.all(started);
}

async function claim(jobs: JobStore, most: number, options: WorkOptions): Promise<readonly ClaimedJob[]> {
  try {
    return await jobs.claim(options.worker, options.leaseMs, most);
  } catch (error) {
    options.tell(`no job can be claimed: ${messageOf(error)}`);
    await sleep(RETRY_MS, options.signal);
    return [];
  }
}
