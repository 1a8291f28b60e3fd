import { createHash } from 'node:crypto';
import type { DataReport } from '../../core/data/index.ts';
import { isRegistryError, type Registry } from '../../registry/index.ts';
import type { ComparedWith, DataAttempt, DataCheckStore } from '../data-checks/index.ts';
import { datasetPlace } from '../datasets/index.ts';
import { DATASET } from '../jobs/index.ts';
import type { HandledEnd, JobContext, JobHandler, Tell } from '../queue/index.ts';
import { approvedData } from './data/index.ts';
import { failedEnd, submitterOf } from './job-end.ts';
import type { CheckedEnd } from './scan-messages.ts';
import type { ScanPool } from './scan-pool.ts';
import { storageFull, unforeseenEnd } from './unforeseen.ts';

export interface DataParts {
  readonly registry: Pick<Registry, 'jobs' | 'model' | 'currentDecisions' | 'dataBaseline'>;
  readonly dataChecks: DataCheckStore;
  /** The folder of data sets. */
  readonly datasets: string | null;
  readonly pool: Pick<ScanPool, 'checkData'>;
  readonly tell: Tell;
}

type Claimed = Parameters<JobHandler>[0];

/** Checks the training data that a job names, and keeps the report. */
export function dataHandler(parts: DataParts): JobHandler {
  return async (claimed, context) => {
    let attempt: DataAttempt | undefined;
    try {
      attempt = await parts.dataChecks.begin(claimed.job.tenant, claimed.job.id);
      return await checked(claimed, attempt, parts, context);
    } catch (error) {
      return unforeseenEnd(claimed.job, error, parts.tell);
    } finally {
      await attempt?.discard();
    }
  };
}

async function checked(
  claimed: Claimed,
  attempt: DataAttempt,
  parts: DataParts,
  { signal, onProgress, onCosts }: JobContext,
): Promise<HandledEnd> {
  const { job } = claimed;
  const { registry, datasets, pool, tell } = parts;
  const { tenant, target, data: options } = job;
  if (options === null) return failedEnd(job, 'internal', 'the job does not name columns');
  const place = target.startsWith(DATASET) ? await datasetPlace(datasets, tenant, target.slice(DATASET.length)) : null;
  const { baseline, context } = await approvedData(registry, submitterOf(job), job.model);
  const end = await pool.checkData(
    { tenant, target, options, place, baseline },
    AbortSignal.any([signal, attempt.full]),
    {
      onProgress,
      onCosts,
    },
  );
  if (end.kind === 'busy') return { kind: 'released' };
  if (end.kind === 'lost') tell(`job ${job.id}: a process that checks data was lost (${end.code}): ${end.message}`);
  if (attempt.full.aborted && !signal.aborted) return storageFull(job);
  if (end.kind === 'lost' && end.code === 'crashed') return failedEnd(job, end.code, 'the check was cut off');
  onCosts({ storedBytes: 0 });
  if (end.kind !== 'checked') return failedEnd(job, end.code, end.message);
  return published(claimed, { ...end, context }, attempt, { ...parts, onCosts });
}

/** Only the attempt that ends the job counts: whatever another one kept belongs to nobody. */
async function published(
  claimed: Claimed,
  { outcome, texts, evidence, context }: CheckedEnd & { readonly kind: 'checked'; readonly context: ComparedWith },
  attempt: DataAttempt,
  { registry, dataChecks, onCosts }: DataParts & Pick<JobContext, 'onCosts'>,
): Promise<HandledEnd> {
  const { job } = claimed;
  const output = await attempt.keep(texts, context);
  try {
    await registry.jobs.endData(submitterOf(job), claimed, {
      outcome,
      output,
      evidence: { ...evidence, baselineVersion: context.baseline?.version ?? null },
      report: JSON.parse(texts.report) as DataReport,
      profile: createHash('sha256').update(texts.profile).digest('hex'),
    });
    onCosts({ storedBytes: Object.values(texts).reduce((sum, text) => sum + Buffer.byteLength(text), 0) });
    return { kind: 'ended' };
  } catch (error) {
    // Nothing was written when the job has ended, such as by a cancellation; after other errors, the sweep looks.
    if (isRegistryError(error) && error.code === 'ended') await dataChecks.remove(job.tenant, output);
    throw error;
  }
}
