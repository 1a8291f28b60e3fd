import { AssayError } from '../../core/index.ts';
import { formatReference, parseReference } from '../../core/reference/index.ts';
import { checkAddress } from '../../egress/index.ts';
import { chosenLists } from '../../pipeline/index.ts';
import type { JobRequest } from '../../registry/api/index.ts';
import type { CreatedBatch, CreatedJob, Lineage, NewJob, Principal } from '../../registry/index.ts';
import { rulesetOf } from '../../scan/rules/index.ts';
import type { ServiceContext } from '../context.ts';
import { ServiceError } from '../problems/index.ts';
import { checkOwner, UPLOAD_SUBMITTERS } from '../uploads/index.ts';

/** A request that can be fulfilled. */
export interface CheckedJobRequest {
  readonly target: string;
  readonly model: string;
  readonly priority: number;
  readonly lineage: Lineage | undefined;
}

/** @throws ServiceError `invalid-request`, `no-path-sources`, `upload-not-found`, `upload-open`, `model-missing`; AssayError */
export async function checkJobRequest(
  context: Pick<ServiceContext, 'config' | 'uploads'>,
  by: Principal,
  request: JobRequest,
): Promise<CheckedJobRequest> {
  if (request.upload !== undefined && request.ref !== undefined)
    throw new ServiceError(400, 'invalid-request', 'give ref or upload, and not both');
  const { target, model } =
    request.upload === undefined ? storeTarget(context, request) : await uploadOf(context, by, request.upload);
  const name = request.model ?? model;
  if (name === undefined)
    throw new ServiceError(422, 'model-missing', 'name the model: only references of the Hub include a name');
  return { target, model: name, priority: request.priority ?? 0, lineage: request.lineage };
}

/** The job for a request; the one that is queued or running, when the same was asked for already. */
export async function submit(context: ServiceContext, by: Principal, request: CheckedJobRequest): Promise<CreatedJob> {
  const [job] = await jobsFor([request]);
  if (job === undefined) throw new ServiceError(500, 'internal', 'no job was created');
  return submitOne(context, by, job);
}

/** The same for a job of any kind. @throws RegistryError `queue-full` */
export async function submitOne(
  { registry, queue, config }: ServiceContext,
  by: Principal,
  job: NewJob,
): Promise<CreatedJob> {
  const [submitted] = await registry.jobs.createAll(by, [job], config.limits.maxQueuedJobs);
  if (submitted === undefined) throw new ServiceError(500, 'internal', 'no job was created');
  await queue.enqueue(submitted.job);
  return submitted;
}

/** The same for several, as one batch: all of them, or none. @throws RegistryError `queue-full` */
export async function submitBatch(
  { registry, queue, config }: ServiceContext,
  by: Principal,
  requests: readonly CheckedJobRequest[],
): Promise<CreatedBatch> {
  const created = await registry.batches.create(by, await jobsFor(requests), config.limits.maxQueuedJobs);
  await queue.enqueue(...created.jobs.map(({ job }) => job));
  return created;
}

async function jobsFor(requests: readonly CheckedJobRequest[]): Promise<readonly NewJob[]> {
  const ruleset = await currentRuleset();
  return requests.map(({ lineage, ...request }) => ({
    ...request,
    ruleset,
    ...(lineage === undefined ? {} : { lineage }),
  }));
}

/** Rules are installed and end while the service runs: they are looked at this often, milliseconds. */
const RULESET_MS = 10_000;

let ruleset: { readonly digest: Promise<string>; readonly until: number } | undefined;

/** Digest of the ruleset that scans go by. */
export function currentRuleset(): Promise<string> {
  if (ruleset === undefined || ruleset.until < performance.now()) {
    const digest = chosenLists('installed', process.env).then(({ lists }) => rulesetOf([], lists).digest);
    ruleset = { digest, until: performance.now() + RULESET_MS };
  }
  return ruleset.digest;
}

interface Target {
  readonly target: string;
  readonly model: string | undefined;
}

/** @throws ServiceError `invalid-request`, `no-path-sources`, `address-refused`; AssayError `usage` */
export function storeTarget({ config }: Pick<ServiceContext, 'config'>, { ref }: Pick<JobRequest, 'ref'>): Target {
  if (ref === undefined) throw new ServiceError(400, 'invalid-request', 'give ref or upload');
  const reference = parseReference(ref, config.hubEndpoint);
  const target = formatReference(reference);
  // The kinds of source that users of the service may name; each was added on purpose.
  switch (reference.kind) {
    case 'path':
      // Users must not name files of the service.
      throw new ServiceError(422, 'no-path-sources', 'paths are not accepted here: upload the files, or name a store');
    case 'https':
      checkPublic(new URL(reference.url), config);
      return { target, model: undefined };
    case 'hf':
      return { target, model: reference.repo };
    case 's3':
    case 'oci':
    case 'models':
      return { target, model: undefined };
  }
}

function checkPublic(url: URL, { allowPrivateAddresses }: ServiceContext['config']): void {
  try {
    checkAddress(url, { denyPrivate: !allowPrivateAddresses });
  } catch (cause) {
    if (cause instanceof AssayError) throw new ServiceError(422, 'address-refused', cause.message, { cause });
    throw cause;
  }
}

async function uploadOf({ uploads }: Pick<ServiceContext, 'uploads'>, by: Principal, id: string): Promise<Target> {
  await checkOwner(uploads, by, id, UPLOAD_SUBMITTERS);
  const { state } = await uploads.get(by.tenant, id);
  if (state !== 'complete') throw new ServiceError(409, 'upload-open', 'the upload is not complete: complete it first');
  return { target: `upload:${id}`, model: undefined };
}
