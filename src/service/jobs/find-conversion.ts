import type { Job, Principal } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import type { KeptConversion } from '../conversions/index.ts';
import { ServiceError } from '../problems/index.ts';

export interface FoundConversion {
  readonly job: Job;
  /** The name of its result, whose time may be over. */
  readonly output: string | null;
  readonly kept: KeptConversion | undefined;
}

/** @throws RegistryError `not-found`; ServiceError `not-found` for a scan */
export async function findConversion(
  { registry, conversions }: Pick<ServiceContext, 'registry' | 'conversions'>,
  by: Principal,
  id: string,
): Promise<FoundConversion> {
  const job = await registry.jobs.get(by, id);
  if (job.conversion === null) throw new ServiceError(404, 'not-found', 'the job is not a conversion');
  const output = await registry.jobs.output(by, id);
  return { job, output, kept: output === null ? undefined : await conversions.kept(by.tenant, output) };
}

/** Removes its files and its report; its version stays. @throws RegistryError `not-found`, `ended` */
export async function removeConversion(
  { registry, conversions }: Pick<ServiceContext, 'registry' | 'conversions'>,
  by: Principal,
  id: string,
): Promise<void> {
  await conversions.remove(by.tenant, await registry.jobs.removeOutput(by, id));
}
