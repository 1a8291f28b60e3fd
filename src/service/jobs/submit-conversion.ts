import { refuseOptions } from '../../pipeline/convert/index.ts';
import type { ConversionOptions, ConversionRequest } from '../../registry/api/index.ts';
import type { CreatedJob, Principal, Role } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { ROWS } from '../conversions/index.ts';
import { ServiceError } from '../problems/index.ts';
import { checkOwner, UPLOAD_SUBMITTERS } from '../uploads/index.ts';
import { placeOfVersion, sourceOfRequest } from './source-of.ts';
import { currentRuleset, submitOne } from './submit.ts';

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
  const { target, model, digest } = await sourceOfRequest(context, by, request, placeOfVersion);
  await context.conversions.checkRoom(by.tenant);
  const version = request.version ?? null;
  const conversion = { to, salvage, acceptSuspicious, verify, rows, inputShape, version, digest };
  return { target, model, priority: request.priority ?? 0, conversion };
}

/** The job for a request; the one that is queued or running, when the same was asked for already. */
export async function submitConversion(
  context: ServiceContext,
  by: Principal,
  request: CheckedConversion,
): Promise<CreatedJob> {
  return submitOne(context, by, { ...request, ruleset: await currentRuleset() });
}

async function checkRows({ uploads }: ServiceContext, by: Principal, id: string): Promise<void> {
  await checkOwner(uploads, by, id, UPLOAD_SUBMITTERS);
  const { state, files } = await uploads.get(by.tenant, id);
  if (state !== 'complete') throw new ServiceError(409, 'upload-open', 'the upload is not complete: complete it first');
  if (!files.some(({ path }) => path === ROWS.inputs))
    throw new ServiceError(422, 'rows-missing', `the upload of rows has no file ${ROWS.inputs}`);
}
