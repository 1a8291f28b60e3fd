import type { Job, Principal, Registry } from '../registry/index.ts';
import type { EventFeed } from './events.ts';

/** Told of a job whenever it changed, and for the last time when it has ended. */
type JobListener = (change: { readonly job: Job } | { readonly error: unknown }) => void;

interface Watched {
  readonly listeners: Set<JobListener>;
  readonly unsubscribe: () => void;
  readonly timer: NodeJS.Timeout;
  looking: boolean;
  /** What was told last, as text. */
  told: string;
}

export interface JobWatch {
  /** Tells of the job from now on. @returns a function that ends it */
  watch(by: Principal, job: Job, listener: JobListener): () => void;
  close(): void;
}

const POLL_MS = 400;
const ENDED: ReadonlySet<Job['state']> = new Set(['done', 'failed', 'cancelled']);

export function hasEnded({ state }: Job): boolean {
  return ENDED.has(state);
}

/** However many listen to a job, it is read once each time: workers of other processes tell only the registry of it. */
export function jobWatch(registry: Pick<Registry, 'jobs'>, events: EventFeed, pollMs = POLL_MS): JobWatch {
  const jobs = new Map<string, Watched>();

  function stop(id: string, watched: Watched): void {
    clearInterval(watched.timer);
    watched.unsubscribe();
    if (jobs.get(id) === watched) jobs.delete(id);
  }

  async function look(by: Principal, id: string, watched: Watched): Promise<void> {
    if (watched.looking) return;
    watched.looking = true;
    try {
      const job = await registry.jobs.get(by, id);
      const text = JSON.stringify([job.state, job.attempts, job.progress]);
      if (text === watched.told) return;
      watched.told = text;
      if (hasEnded(job)) stop(id, watched);
      for (const listener of [...watched.listeners]) listener({ job });
    } catch (error) {
      stop(id, watched);
      for (const listener of [...watched.listeners]) listener({ error });
    } finally {
      watched.looking = false;
    }
  }

  function start(by: Principal, job: Job): Watched {
    const watched: Watched = {
      listeners: new Set(),
      unsubscribe: events.subscribe(by.tenant, (event) => {
        if (event.kind === 'job' && event.id === job.id) void look(by, job.id, watched);
      }),
      timer: setInterval(() => void look(by, job.id, watched), pollMs),
      looking: false,
      told: '',
    };
    jobs.set(job.id, watched);
    return watched;
  }

  return {
    watch(by, job, listener) {
      const watched = jobs.get(job.id) ?? start(by, job);
      watched.listeners.add(listener);
      return () => {
        watched.listeners.delete(listener);
        if (watched.listeners.size === 0) stop(job.id, watched);
      };
    },
    close() {
      for (const [id, watched] of jobs) stop(id, watched);
    },
  };
}
