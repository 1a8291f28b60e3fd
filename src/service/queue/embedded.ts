import type { ClaimedJob, JobStore } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import { Bell } from './bell.ts';
import { Pace } from './pace.ts';
import type { Queue, WorkOptions } from './queue.ts';
import { Running } from './running.ts';
import { slept } from './slept.ts';

/** How often the store is asked for jobs that other processes wrote. */
const LOOK_MS = 500;
const RETRY_MS = 1_000;

/** The queue that needs no server: workers claim jobs from the store, at once when this process wrote them. */
export function embeddedQueue(jobs: JobStore): Queue {
  const workers = new Map<Running, Bell>();
  const wake = () => {
    for (const bell of workers.values()) bell.ring();
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
      const bell = new Bell();
      workers.set(running, bell);
      try {
        await workOff(jobs, running, bell, options);
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

async function workOff(jobs: JobStore, running: Running, bell: Bell, options: WorkOptions): Promise<void> {
  const { signal, concurrency, tell, lookMs = LOOK_MS, now = () => performance.now() } = options;
  const started = new Set<Promise<void>>();
  const pace = new Pace(options.ahead ?? 0);
  const start = (claimed: ClaimedJob) => {
    const since = now();
    const one: Promise<void> = running
      .run(claimed)
      .then(
        (end) => pace.ended(end, now() - since),
        (error: unknown) => tell(`job ${claimed.job.id}: its end could not be written: ${messageOf(error)}`),
      )
      .finally(() => {
        started.delete(one);
        bell.ring();
      });
    started.add(one);
  };
  while (!signal.aborted) {
    const free = concurrency + pace.ahead - started.size;
    const claimed = free <= 0 ? [] : await claim(jobs, free, options);
    for (const one of claimed) start(one);
    if (free <= 0 || claimed.length < free) await bell.wait(lookMs, signal);
  }
  await Promise.all(started);
}

async function claim(jobs: JobStore, most: number, options: WorkOptions): Promise<readonly ClaimedJob[]> {
  try {
    return await jobs.claim(options.worker, options.leaseMs, most);
  } catch (error) {
    options.tell(`no job can be claimed: ${messageOf(error)}`);
    await slept(RETRY_MS, options.signal);
    return [];
  }
}
