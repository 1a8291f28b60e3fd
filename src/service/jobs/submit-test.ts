import type { ModelTestRequest } from '../../registry/api/index.ts';
import type { CreatedJob, ModelTestOptions, Principal } from '../../registry/index.ts';
import type { ServiceContext } from '../context.ts';
import { suiteFile } from '../suites/index.ts';
import { placeOrConversion, sourceOfRequest } from './source-of.ts';
import { currentRuleset, submitOne } from './submit.ts';

/** Tests that can be made. */
export interface CheckedTest {
  readonly target: string;
  readonly model: string;
  readonly priority: number;
  readonly test: ModelTestOptions;
}

/**
 * @throws ServiceError as `checkJobRequest`; `no-suites`, `no-such-suite`, `test-quota`, `storage-full`; RegistryError `not-found` for a
 *   version
 */
export async function checkTest(
  context: ServiceContext,
  by: Principal,
  request: ModelTestRequest,
): Promise<CheckedTest> {
  const { suite, device = 'cpu', priority = 0, version = null } = request;
  await suiteFile(context.config.suites, by.tenant, suite);
  const { target, model, digest } = await sourceOfRequest(context, by, request, placeOrConversion);
  await context.tests.checkRoom(by.tenant);
  return { target, model, priority, test: { suite, device, version, digest } };
}

/** The job for a request; the one that is queued or running, when the same was asked for already. */
export async function submitTest(context: ServiceContext, by: Principal, request: CheckedTest): Promise<CreatedJob> {
  return submitOne(context, by, { ...request, ruleset: await currentRuleset() });
}
