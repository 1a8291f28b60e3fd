import { sleep } from '../../core/index.ts';
import type { AttemptCosts, ClaimedJob, JobProgress, JobStore } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import { Heartbeat } from './heartbeat.ts';
import type { HandledEnd, JobHandler, Tell, WorkOptions } from './queue.ts';
import type { Stop } from './stop.ts';

const RETRY_MS = 250;
/** How long an end is tried to be written, beyond the lease: afterwards somebody else has the job. */
const MIN_PATIENCE_MS = 5_000;

export interface RunOptions extends Pick<WorkOptions, 'leaseMs' | 'beatMs' | 'tell'> {
  readonly stop: Stop;
}

/**
 * Runs a job that was claimed: tells the store that it lives, and how it ended. Nothing is written once its lease is lost.
 * Rejects only when the end could not be written; then the lease runs out, and somebody else takes the job.
 */
export async function runClaimed(
  jobs: JobStore,
  claimed: ClaimedJob,
  handler: JobHandler,
  { leaseMs, beatMs, tell, stop }: RunOptions,
): Promise<HandledEnd | 'lost'> {
  let progress: JobProgress = claimed.job.progress;
  let costs: AttemptCosts | undefined;
  const heartbeat = new Heartbeat(jobs, claimed, {
    leaseMs,
    ...(beatMs === undefined ? {} : { beatMs }),
    tell,
    progress: () => progress,
    costs: () => costs,
    onLost: () => stop.now('lost'),
  });
  let end: HandledEnd;
  try {
    end = await handler(claimed, {
      signal: stop.signal,
      onProgress: (now) => {
        progress = now;
      },
      onCosts: (now) => {
        costs = { ...(costs ?? NOTHING_KNOWN), ...now };
      },
    });
  } catch (error) {
    tell(`job ${claimed.job.id}: ${messageOf(error)}`);
    end = { kind: 'failed', code: 'internal', message: 'a defect of the worker; see its log', retry: true };
  }
  await heartbeat.end();
  if (costs !== undefined) await recordCosts(jobs, claimed, costs, tell);
  if (end.kind === 'registered' || end.kind === 'ended') return end;
  if (stop.why === 'lost' || stop.why === 'cancelled') return 'lost';
  // What was finished all the same is finished; a failure may only be that it was stopped.
  if (stop.why === 'handed-back' && end.kind === 'failed') end = { kind: 'released' };
  const written = await persist(() => jobs.finish(claimed, end), Math.max(leaseMs, MIN_PATIENCE_MS), tell);
  return written ? end : 'lost';
}

const NOTHING_KNOWN: AttemptCosts = {
  wallMs: 0,
  cpuMs: null,
  peakBytes: null,
  fetchedBytes: null,
  storedBytes: null,
  gpuMs: null,
  reused: false,
};

/** A job does not fail because its costs cannot be written: those that its heartbeat wrote remain. */
async function recordCosts(jobs: JobStore, claimed: ClaimedJob, costs: AttemptCosts, tell: Tell): Promise<void> {
  try {
    await jobs.recordCosts(claimed, costs, true);
  } catch (error) {
    tell(`job ${claimed.job.id}: its costs could not be written: ${messageOf(error)}`);
  }
}

async function persist<T>(write: () => Promise<T>, patienceMs: number, tell: Tell): Promise<T> {
  const started = performance.now();
  for (let told = false; ; ) {
    try {
      return await write();
    } catch (error) {
      if (performance.now() - started > patienceMs) throw error;
      if (!told) tell(`the end of a job cannot be written; the worker retries: ${messageOf(error)}`);
      told = true;
      await sleep(RETRY_MS);
    }
  }
}
