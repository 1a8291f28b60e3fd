import type { TestReport } from '../../core/behavior/index.ts';
import { isRegistryError, type Registry } from '../../registry/index.ts';
import { DRIVER_ENVIRONMENT } from '../../sandbox/index.ts';
import type { ConversionStore } from '../conversions/index.ts';
import type { HandledEnd, JobContext, JobHandler, Tell } from '../queue/index.ts';
import { suiteFile } from '../suites/index.ts';
import type { TestAttempt, TestStore } from '../tests/index.ts';
import { failedEnd, submitterOf } from './job-end.ts';
import type { ScanSettings, TestedEnd } from './scan-messages.ts';
import type { ScanPool } from './scan-pool.ts';
import { tenantEnvironment } from './tenant-environment.ts';
import { approvedSources, sourceIn } from './test/index.ts';
import { storageFull, unforeseenEnd } from './unforeseen.ts';

export interface TestParts {
  readonly registry: Pick<Registry, 'jobs' | 'model' | 'currentDecisions'>;
  readonly tests: TestStore;
  readonly conversions: Pick<ConversionStore, 'filesOf'>;
  readonly settings: ScanSettings;
  /** The folder of suites. */
  readonly suites: string | null;
  readonly pool: Pick<ScanPool, 'test'>;
  readonly tell: Tell;
}

type Claimed = Parameters<JobHandler>[0];

/** Tests the target of a job by a suite of the configuration, and keeps the report. */
export function testHandler(parts: TestParts): JobHandler {
  return async (claimed, context) => {
    let attempt: TestAttempt | undefined;
    try {
      attempt = await parts.tests.begin(claimed.job.tenant, claimed.job.id);
      return await tested(claimed, attempt, parts, context);
    } catch (error) {
      return unforeseenEnd(claimed.job, error, parts.tell);
    } finally {
      await attempt?.discard();
    }
  };
}

async function tested(
  claimed: Claimed,
  attempt: TestAttempt,
  parts: TestParts,
  { signal, onProgress, onCosts }: JobContext,
): Promise<HandledEnd> {
  const { job } = claimed;
  const { settings, suites, pool, tell } = parts;
  if (job.test === null) return failedEnd(job, 'internal', 'the job does not name a suite');
  const by = submitterOf(job);
  const order = {
    ...(await sourceIn(parts, by, job.target)),
    ...(await approvedSources(parts, by, job.model)),
    tenant: job.tenant,
    env: await tenantEnvironment(settings, job.tenant),
    options: job.test,
    suite: await suiteFile(suites, job.tenant, job.test.suite),
    drivers: driversOf(process.env),
  };
  const end = await pool.test(order, AbortSignal.any([signal, attempt.full]), { onProgress, onCosts });
  if (end.kind === 'busy') return { kind: 'released' };
  if (end.kind === 'lost') tell(`job ${job.id}: a testing process was lost (${end.code}): ${end.message}`);
  if (attempt.full.aborted && !signal.aborted) return storageFull(job);
  if (end.kind === 'lost' && end.code === 'crashed') return failedEnd(job, end.code, 'the test was cut off');
  onCosts({ storedBytes: 0 });
  if (end.kind !== 'tested') return failedEnd(job, end.code, end.message);
  onCosts({ gpuMs: end.gpuMs });
  const ended = await published(claimed, end, attempt, parts);
  onCosts({ storedBytes: Buffer.byteLength(end.report) });
  return ended;
}

/** Only the attempt that ends the job counts: whatever another one kept belongs to nobody. */
async function published(
  claimed: Claimed,
  { report, context, outcome, evidence }: TestedEnd & { readonly kind: 'tested' },
  attempt: TestAttempt,
  { registry, tests }: TestParts,
): Promise<HandledEnd> {
  const { job } = claimed;
  const output = await attempt.keep(report, context);
  try {
    await registry.jobs.endTest(submitterOf(job), claimed, {
      outcome,
      output,
      evidence,
      report: JSON.parse(report) as TestReport,
      digest: evidence.digest,
    });
    return { kind: 'ended' };
  } catch (error) {
    // Nothing was written when the job has ended, such as by a cancellation; after other errors, the sweep looks.
    if (isRegistryError(error) && error.code === 'ended') await tests.remove(job.tenant, output);
    throw error;
  }
}

function driversOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    DRIVER_ENVIRONMENT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])),
  );
}
