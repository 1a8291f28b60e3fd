import { checkedSnapshot } from '../../pipeline/data/index.ts';
import type { DataCheckOptions, DataCheckRequest } from '../../registry/api/index.ts';
import type { CreatedJob, Principal } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { datasetPlace } from '../datasets/index.ts';
import { ServiceError } from '../problems/index.ts';
import { checkJobRequest, currentRuleset, submitOne } from './submit.ts';

/** Checks of data that can be made. */
export interface CheckedDataRequest {
  readonly target: string;
  readonly model: string;
  readonly priority: number;
  readonly data: DataCheckOptions;
}

/** What the operator placed for a tenant. */
export const DATASET = 'dataset:';

/**
 * @throws ServiceError as `checkJobRequest`; `model-missing`, `no-datasets`, `no-such-dataset`, `data-quota`, `storage-full`; AssayError
 *   `usage` for a snapshot that is not a time
 */
export async function checkDataRequest(
  context: ServiceContext,
  by: Principal,
  request: DataCheckRequest,
): Promise<CheckedDataRequest> {
  const { upload, dataset, model, priority = 0, columns = {}, snapshot } = request;
  if (model === undefined) throw new ServiceError(422, 'model-missing', 'name the model that is trained on the data');
  if ((upload === undefined) === (dataset === undefined))
    throw new ServiceError(400, 'invalid-request', 'give one of upload and dataset');
  const data = { columns, snapshot: snapshot === undefined ? null : checkedSnapshot(snapshot) };
  const target = await targetOf(context, by, { upload, dataset, model });
  await context.dataChecks.checkRoom(by.tenant);
  return { target, model, priority, data };
}

async function targetOf(
  context: ServiceContext,
  by: Principal,
  {
    upload,
    dataset,
    model,
  }: { readonly upload: string | undefined; readonly dataset: string | undefined; readonly model: string },
): Promise<string> {
  if (upload !== undefined) return (await checkJobRequest(context, by, { upload, model })).target;
  await datasetPlace(context.config.datasets, by.tenant, dataset ?? '');
  return `${DATASET}${dataset}`;
}

/** The job for a request; the one that is queued or running, when the same was asked for already. */
export async function submitDataChecks(
  context: ServiceContext,
  by: Principal,
  request: CheckedDataRequest,
): Promise<CreatedJob> {
  return submitOne(context, by, { ...request, ruleset: await currentRuleset() });
}
