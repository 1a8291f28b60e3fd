import { refuseOptions } from '../../pipeline/convert/index.ts';
import type { ConversionOptions, ConversionRequest } from '../../registry/api/index.ts';
import type { CreatedJob, Principal, Role } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { ROWS } from '../conversions/index.ts';
import { ServiceError } from '../problems/index.ts';
import { checkJobRequest, currentRuleset, storeTarget } from './submit.ts';

/** Who may have files converted that are not clean: those who may waive a finding. */
export const TOLERANT_ROLES: readonly Role[] = ['security-approver', 'admin'];

/** A conversion that can be made. */
export interface CheckedConversion {
  readonly target: string;
  readonly model: string;
  readonly priority: number;
  readonly conversion: ConversionOptions;
}

/**
 * @throws ServiceError as `checkJobRequest`; `missing-role` for files that are not clean; `rows-missing`, `conversion-quota`,
 *   `storage-full`; RegistryError `not-found` for a version; AssayError `usage` for options that exclude each other
 */
export async function checkConversion(
  context: ServiceContext,
  by: Principal,
  request: ConversionRequest,
): Promise<CheckedConversion> {
  const { to, salvage = false, acceptSuspicious = false, rows = null, inputShape = null } = request;
  const verify = request.verify === true || rows !== null;
  if ((salvage || acceptSuspicious) && !by.roles.some((role) => TOLERANT_ROLES.includes(role)))
    throw new ServiceError(
      403,
      'missing-role',
      `files that are not clean are converted for the roles ${TOLERANT_ROLES.join(', ')} only`,
    );
  refuseOptions({ target: to, salvage, verify: rows === null ? undefined : { inputs: ROWS.inputs } });
  if (rows !== null) await checkRows(context, by, rows);
  const { target, model, digest } = await sourceOf(context, by, request);
  await context.conversions.checkRoom(by.tenant);
  const version = request.version ?? null;
  const conversion = { to, salvage, acceptSuspicious, verify, rows, inputShape, version, digest };
  return { target, model, priority: request.priority ?? 0, conversion };
}

/** The job for a request; the one that is queued or running, when the same was asked for already. */
export async function submitConversion(
  { registry, queue, config }: ServiceContext,
  by: Principal,
  request: CheckedConversion,
): Promise<CreatedJob> {
  const job = { ...request, ruleset: await currentRuleset() };
  const [submitted] = await registry.jobs.createAll(by, [job], config.limits.maxQueuedJobs);
  if (submitted === undefined) throw new ServiceError(500, 'internal', 'no job was created');
  await queue.enqueue(submitted.job);
  return submitted;
}

interface Source {
  readonly target: string;
  readonly model: string;
  /** That the bytes must have. */
  readonly digest: string | null;
}

async function sourceOf(
  context: ServiceContext,
  by: Principal,
  { ref, upload, version: id, model: name }: ConversionRequest,
): Promise<Source> {
  if ([ref, upload, id].filter((one) => one !== undefined).length !== 1)
    throw new ServiceError(400, 'invalid-request', 'give one of ref, upload and version');
  const asked = name === undefined ? {} : { model: name };
  if (id === undefined) {
    const given = { ...(ref === undefined ? {} : { ref }), ...(upload === undefined ? {} : { upload }) };
    const { target, model } = await checkJobRequest(context, by, { ...given, ...asked });
    return { target, model, digest: null };
  }
  const version = await context.registry.version(by, { id });
  const [place = version.ref] = version.pinned;
  const prefix = 'upload:';
  const target = place.startsWith(prefix)
    ? (await checkJobRequest(context, by, { upload: place.slice(prefix.length), model: version.model })).target
    : storeTarget(context, { ref: place }).target;
  return { target, model: name ?? version.model, digest: version.digest };
}

async function checkRows({ uploads }: ServiceContext, { tenant }: Principal, id: string): Promise<void> {
  const { state, files } = await uploads.get(tenant, id);
  if (state !== 'complete') throw new ServiceError(409, 'upload-open', 'the upload is not complete: complete it first');
  if (!files.some(({ path }) => path === ROWS.inputs))
    throw new ServiceError(422, 'rows-missing', `the upload of rows has no file ${ROWS.inputs}`);
}
