import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import type { Job } from '../../registry/index.ts';
import type { Html } from '../../report/html/index.ts';
import type { ServiceContext } from '../context.ts';
import type { EventStream } from '../http/index.ts';
import { revOf } from './pages/index.ts';
import { JOB_WORDS } from './words.ts';

/** How often jobs are looked at while somebody watches them; workers of other processes tell only the registry. */
const LOOK_MS = 700;

export interface Followed {
  look(): Promise<readonly Job[]>;
  /** The part of the page that shows a job. */
  draw(job: Job): Html;
  isOver(jobs: readonly Job[]): boolean;
}

/** Tells a page of each job that it shows, whenever it has changed: the part of the page again, and what to say aloud. */
export async function followJobs(
  { events }: Pick<ServiceContext, 'events'>,
  request: FastifyRequest,
  stream: EventStream,
  followed: Followed,
): Promise<void> {
  const told = new Map<string, Job>();
  let isFirst = true;
  const bell = hearing(events, request.principal.tenant);
  stream.ended.addEventListener('abort', bell.stop);
  try {
    while (!stream.ended.aborted) {
      const jobs = await followed.look();
      // The newest stands on top: new ones are put there one by one.
      for (const job of [...jobs].reverse()) {
        const before = told.get(job.id);
        if (before !== undefined && revOf(before) === revOf(job)) continue;
        told.set(job.id, job);
        const said = isFirst || before?.state === job.state ? '' : sentence(job);
        stream.send({ event: 'job', data: { id: job.id, rev: revOf(job), html: followed.draw(job).toString(), said } });
      }
      isFirst = false;
      if (followed.isOver(jobs)) {
        stream.send({ event: 'end', data: {} });
        return;
      }
      await stream.drained();
      await bell.rung(stream.ended);
    }
  } catch (error) {
    // The page comes again, and learns what there is.
    request.log.warn({ err: error }, 'the jobs could not be read');
  } finally {
    bell.stop();
    stream.end();
  }
}

/** Waits until a worker of this process tells of a job, or for a while. */
function hearing(events: ServiceContext['events'], tenant: string) {
  let ring = () => {};
  const unsubscribe = events.subscribe(tenant, (event) => {
    if (event.kind === 'job') ring();
  });
  return {
    async rung(ended: AbortSignal): Promise<void> {
      const controller = new AbortController();
      ring = () => controller.abort();
      ended.addEventListener('abort', ring, { once: true });
      await pause(LOOK_MS, undefined, { signal: controller.signal }).catch(ignoreAbort);
      ended.removeEventListener('abort', ring);
      // A worker that tells of every file must not make a look of each.
      if (!ended.aborted) await pause(LOOK_MS / 5);
    },
    stop() {
      unsubscribe();
      ring();
    },
  };
}

function ignoreAbort(error: unknown): void {
  if (error instanceof Error && error.name === 'AbortError') return;
  throw error;
}

function sentence({ model, state }: Job): string {
  return `${model}: ${JOB_WORDS[state].text.toLowerCase()}`;
}
