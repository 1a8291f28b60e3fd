import type { FastifyRequest } from 'fastify';
import type { Batch, Job, Principal, Registry } from '../../registry/index.ts';
import type { EventFeed, ServiceEvent } from '../events/index.ts';
import type { EventStream } from '../http/index.ts';

/** Something that goes on until it has ended. */
interface Subject<T> {
  get(by: Principal, id: string): Promise<T>;
  hasEnded(item: T): boolean;
  /** What is told of again when it is another. */
  likenessOf(item: T): unknown;
  /** Whether an event says that it is another by now. */
  isOf(event: ServiceEvent, id: string): boolean;
}

/** Told whenever it changed, and for the last time when it has ended. */
type Listener<T> = (change: { readonly item: T } | { readonly error: unknown }) => void;

interface Watched<T> {
  readonly listeners: Set<Listener<T>>;
  readonly unsubscribe: () => void;
  readonly timer: NodeJS.Timeout;
  looking: boolean;
  /** What was told last, as text. */
  told: string;
}

export interface Watch<T> {
  /** Tells a stream of what was just read, and of it from then on: `progress` with it, and `end`, which is the last. */
  tell(stream: EventStream, request: FastifyRequest, item: T): void;
  close(): void;
}

const POLL_MS = 400;
const ENDED: ReadonlySet<Job['state']> = new Set(['done', 'failed', 'cancelled']);

export function hasEnded({ state }: Job): boolean {
  return ENDED.has(state);
}

export function jobWatch({ jobs }: Pick<Registry, 'jobs'>, events: EventFeed): Watch<Job> {
  return watchOver(events, {
    get: jobs.get,
    hasEnded,
    likenessOf: ({ state, attempts, progress }) => [state, attempts, progress],
    isOf: (event, id) => event.kind === 'job' && event.id === id,
  });
}

export function batchWatch({ batches }: Pick<Registry, 'batches'>, events: EventFeed): Watch<Batch> {
  return watchOver(events, {
    get: batches.get,
    hasEnded: ({ state }) => state === 'ended',
    likenessOf: ({ state, jobs, progress }) => [state, jobs, progress],
    isOf: (event, id) => event.kind === 'audit' && event.entry.subject === id,
  });
}

/** However many listen, it is read once each time: workers of other processes tell only the registry of it. */
function watchOver<T extends { readonly id: string }>(events: EventFeed, subject: Subject<T>): Watch<T> {
  const all = new Map<string, Watched<T>>();

  function stop(id: string, watched: Watched<T>): void {
    clearInterval(watched.timer);
    watched.unsubscribe();
    if (all.get(id) === watched) all.delete(id);
  }

  async function look(by: Principal, id: string, watched: Watched<T>): Promise<void> {
    if (watched.looking) return;
    watched.looking = true;
    try {
      const item = await subject.get(by, id);
      const text = JSON.stringify(subject.likenessOf(item));
      if (text === watched.told) return;
      watched.told = text;
      if (subject.hasEnded(item)) stop(id, watched);
      for (const listener of [...watched.listeners]) listener({ item });
    } catch (error) {
      stop(id, watched);
      for (const listener of [...watched.listeners]) listener({ error });
    } finally {
      watched.looking = false;
    }
  }

  function start(by: Principal, id: string): Watched<T> {
    const watched: Watched<T> = {
      listeners: new Set(),
      unsubscribe: events.subscribe(by.tenant, (event) => {
        if (subject.isOf(event, id)) void look(by, id, watched);
      }),
      timer: setInterval(() => void look(by, id, watched), POLL_MS),
      looking: false,
      told: '',
    };
    all.set(id, watched);
    return watched;
  }

  function watch(by: Principal, id: string, listener: Listener<T>): () => void {
    const watched = all.get(id) ?? start(by, id);
    watched.listeners.add(listener);
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0) stop(id, watched);
    };
  }

  return {
    tell(stream, { principal, log }, item) {
      const send = (now: T) => {
        stream.send({ event: subject.hasEnded(now) ? 'end' : 'progress', data: now });
        if (subject.hasEnded(now)) stream.end();
      };
      send(item);
      if (subject.hasEnded(item)) return;
      const leave = watch(principal, item.id, (change) => {
        if ('item' in change) return send(change.item);
        // The client comes again, and learns what there is.
        log.warn({ err: change.error }, 'the changes could not be read');
        stream.end();
      });
      stream.ended.addEventListener('abort', leave);
    },
    close() {
      for (const [id, watched] of all) stop(id, watched);
    },
  };
}
