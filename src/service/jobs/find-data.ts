import type { DataRun, Job, Principal } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import type { KeptCheck } from '../data-checks/index.ts';
import { ServiceError } from '../problems/index.ts';

export interface FoundDataCheck {
  readonly job: Job;
  readonly kept: KeptCheck | undefined;
  /** What the service attests of it. */
  readonly run: DataRun | undefined;
}

/** @throws RegistryError `not-found`; ServiceError `not-found` for a job of another kind */
export async function findDataCheck(
  { registry, dataChecks }: Pick<ServiceContext, 'registry' | 'dataChecks'>,
  by: Principal,
  id: string,
): Promise<FoundDataCheck> {
  const job = await registry.jobs.get(by, id);
  if (job.data === null) throw new ServiceError(404, 'not-found', 'the job is not a check of data');
  const output = await registry.jobs.output(by, id);
  const kept = output === null ? undefined : await dataChecks.kept(by.tenant, output);
  return { job, kept, run: await registry.jobs.dataRun(by, id) };
}

/** The same, whose report is there. @throws ServiceError `data-removed`, `not-found` */
export async function keptDataCheck(
  context: Pick<ServiceContext, 'registry' | 'dataChecks'>,
  by: Principal,
  id: string,
): Promise<KeptCheck> {
  const { job, kept } = await findDataCheck(context, by, id);
  if (kept !== undefined) return kept;
  throw job.state === 'done'
    ? new ServiceError(410, 'data-removed', 'the report on the data was removed: check it again')
    : new ServiceError(404, 'not-found', 'the check of data has no report');
}

/** Removes its report. @throws RegistryError `not-found`, `ended`; ServiceError `not-found` for a job of another kind */
export async function removeDataCheck(context: ServiceContext, by: Principal, id: string): Promise<void> {
  await findDataCheck(context, by, id);
  await context.dataChecks.remove(by.tenant, await context.registry.jobs.removeOutput(by, id));
}
