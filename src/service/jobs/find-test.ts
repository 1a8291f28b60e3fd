import type { Job, Principal } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { ServiceError } from '../problems/index.ts';
import type { KeptTest } from '../tests/index.ts';

export interface FoundTest {
  readonly job: Job;
  readonly kept: KeptTest | undefined;
}

/** @throws RegistryError `not-found`; ServiceError `not-found` for a job of another kind */
export async function findTest(
  { registry, tests }: Pick<ServiceContext, 'registry' | 'tests'>,
  by: Principal,
  id: string,
): Promise<FoundTest> {
  const job = await registry.jobs.get(by, id);
  if (job.test === null) throw new ServiceError(404, 'not-found', 'the job is not a test');
  const output = await registry.jobs.output(by, id);
  return { job, kept: output === null ? undefined : await tests.kept(by.tenant, output) };
}

/** Removes its report. @throws RegistryError `not-found`, `ended`; ServiceError `not-found` for a job of another kind */
export async function removeTest(context: ServiceContext, by: Principal, id: string): Promise<void> {
  await findTest(context, by, id);
  await context.tests.remove(by.tenant, await context.registry.jobs.removeOutput(by, id));
}
