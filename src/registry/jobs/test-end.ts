import { isSignatureError } from '../../integrity/envelope/index.ts';
import { checkRecords } from '../chain-state/index.ts';
import type { TestEnd } from '../job-records.ts';
import type { Principal } from '../records.ts';
import type { ClaimedJob } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import { askToAttest } from '../signing-requests/index.ts';
import { signTests } from '../statements/index.ts';
import { type Change, type Context, workChange } from '../store/index.ts';
import { keepRun } from '../test-runs/index.ts';
import { endAsDone } from './done.ts';

/**
 * Ends a test that was done, with its entry in the audit log: once, and only for who holds the lease.
 * @throws RegistryError `ended` when the job was cancelled, or is somebody else's by now
 */
export async function endTest(
  context: Context,
  by: Principal,
  { job, lease }: ClaimedJob,
  end: TestEnd,
): Promise<void> {
  await workChange(context, by, async (change) => {
    const { outcome, evidence } = end;
    await endAsDone(change, { job, lease }, end);
    const kept = context.signsLater
      ? await leaveToSign(change, job.id, end)
      : keptOrNot(await keptRun(context, change, job.model, end));
    change.record('test.ended', job.model, { job: job.id, target: job.target, outcome, ...evidence, ...kept });
  });
}

/** The process that holds the key tells later what became of it: `tests.added` or `tests.not-kept`. */
async function leaveToSign(change: Change, job: string, { report, digest }: TestEnd) {
  await askToAttest(change, job, JSON.stringify({ report, digest }));
  return { keptLater: true };
}

function keptOrNot({ run, why }: KeptRun) {
  return run === undefined ? { notKept: why } : { run };
}

export interface KeptRun {
  readonly run?: string;
  /** Why it is not kept. */
  readonly why?: string;
}

/** What a job measured counts for the version that has the tested bytes, as the service attests it. */
export async function keptRun(
  context: Context,
  change: Change,
  model: string,
  { report, digest }: Pick<TestEnd, 'report' | 'digest'>,
): Promise<KeptRun> {
  const version = await change.db
    .selectFrom('versions')
    .selectAll()
    .where('tenant', '=', change.tenant)
    .where('model', '=', model)
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (version === undefined) return { why: 'the model has no version of these bytes' };
  try {
    await checkRecords(context, change, version);
    const signed = await signTests(context, report, change.now);
    if (signed === undefined) return { why: 'the service has no key that signs tests' };
    return { run: (await keepRun(context, change, version, signed)).id };
  } catch (error) {
    // The job has its result: that the registry does not count it is told.
    if (error instanceof RegistryError && NOT_KEPT.has(error.code)) return { why: error.message };
    if (isSignatureError(error)) return { why: `no attestation can hold it: ${error.message}` };
    throw error;
  }
}

const NOT_KEPT: ReadonlySet<string> = new Set(['bad-attestation', 'broken-log', 'conflict', 'too-large']);
