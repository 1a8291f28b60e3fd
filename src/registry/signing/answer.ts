import type { Selectable } from 'kysely';
import type { TestReport } from '../../core/behavior/index.ts';
import { checkRecords } from '../chain-state/index.ts';
import { decideVersion } from '../decisions/index.ts';
import { attestDataJob, type DataToAttest, keptRun } from '../jobs/index.ts';
import type { Principal } from '../records.ts';
import type { SigningStore } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import { labelOf, newestAssessment, versionRow } from '../rows/index.ts';
import { type Change, type Context, type Tables, unowned, workChange } from '../store/index.ts';

/** Requests that are answered at a time. */
const AT_ONCE = 100;

type Request = Selectable<Tables['signing_requests']>;

/** What workers left to be signed, for the process that holds the approval key. */
export function signingStore(context: Context): SigningStore {
  return { answerAll: (onRefused) => answerAll(context, onRefused) };
}

async function answerAll(context: Context, onRefused: (why: string) => void): Promise<number> {
  if (context.signsLater) throw new RegistryError('internal', 'this process does not sign');
  let answered = 0;
  for (let found = AT_ONCE; found === AT_ONCE; ) {
    const requests = await unowned(() =>
      context.database.read.selectFrom('signing_requests').selectAll().orderBy('id').limit(AT_ONCE).execute(),
    );
    for (const request of requests) answered += await answerOne(context, request, onRefused);
    found = requests.length;
  }
  return answered;
}

/** The request goes with its answer, in one transaction: it is answered once, whichever process is faster. */
async function answerOne(context: Context, request: Request, onRefused: (why: string) => void): Promise<number> {
  const by: Principal = { tenant: request.tenant, subject: 'assay', issuer: null, roles: [], via: 'local' };
  try {
    return await workChange(context, by, async (change) =>
      (await take(change, request)) ? answer(context, change, request) : 0,
    );
  } catch (error) {
    if (!(error instanceof RegistryError) || !REFUSED.has(error.code)) throw error;
    onRefused(`${request.kind} of ${request.subject}: ${error.message}`);
    await workChange(context, by, (change) => take(change, request));
    return 0;
  }
}

/** What no later try changes. */
const REFUSED: ReadonlySet<string> = new Set(['broken-log', 'not-found']);

async function take({ db }: Change, { id }: Request): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('signing_requests').where('id', '=', id).executeTakeFirst();
  return numDeletedRows === 1n;
}

async function answer(context: Context, change: Change, request: Request): Promise<number> {
  switch (request.kind) {
    case 'approvals':
      await carryApprovals(context, change, request.subject);
      break;
    case 'tests':
      await attestTests(context, change, request);
      break;
    case 'data':
      await attestChecks(context, change, request);
      break;
  }
  return 1;
}

/** Decides again by itself: nothing that a worker says is signed. */
async function carryApprovals(context: Context, change: Change, id: string): Promise<void> {
  const version = await versionRow(change.db, change.tenant, id);
  if (version.stage === 'retired') return;
  await checkRecords(context, change, version);
  const decided = await decideVersion(context, change, version, await newestAssessment(change.db, id));
  if (decided.renewed.length > 0) change.record('version.reevaluated', labelOf(version), { stages: decided.renewed });
}

/** The job whose outcome is to be attested, while it is there and done. @param kind the column that jobs of this kind alone fill */
async function doneJob(
  change: Change,
  id: string,
  kind: 'test' | 'data',
): Promise<{ readonly model: string } | undefined> {
  return change.db
    .selectFrom('jobs')
    .select('model')
    .where('id', '=', id)
    .where('tenant', '=', change.tenant)
    .where('state', '=', 'done')
    .where(kind, '!=', '')
    .executeTakeFirst();
}

async function attestTests(context: Context, change: Change, { subject, body }: Request): Promise<void> {
  const job = await doneJob(change, subject, 'test');
  if (job === undefined) return;
  const end = JSON.parse(body) as { readonly report: TestReport; readonly digest: string };
  const { why } = await keptRun(context, change, job.model, end);
  if (why !== undefined) change.record('tests.not-kept', job.model, { job: subject, why });
}

async function attestChecks(context: Context, change: Change, { subject, body }: Request): Promise<void> {
  const job = await doneJob(change, subject, 'data');
  if (job === undefined) return;
  const attested = await attestDataJob(context, change, subject, JSON.parse(body) as DataToAttest);
  change.record('statement' in attested ? 'data.attested' : 'data.not-attested', job.model, {
    job: subject,
    ...attested,
  });
}
