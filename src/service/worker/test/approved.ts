import {
  isRegistryError,
  type ModelSummary,
  type Principal,
  type Registry,
  type Version,
} from '../../../registry/index.ts';
import type { ConversionStore } from '../../conversions/index.ts';
import { CONVERSION } from '../../jobs/index.ts';
import { ServiceError } from '../../problems/index.ts';
import type { ApprovedSource, TestSource } from '../scan-messages.ts';

export interface SourceParts {
  readonly registry: Pick<Registry, 'model' | 'currentDecisions' | 'jobs'>;
  readonly conversions: Pick<ConversionStore, 'filesOf'>;
}

/** The stages that approvals lead to, the one that is nearest to users first. */
const STAGES = ['production', 'staging'] as const;

export interface ApprovedVersions {
  readonly versions: readonly { readonly version: Version; readonly stage: (typeof STAGES)[number] }[];
  readonly notApproved: readonly string[];
}

export interface Approved {
  readonly approved: readonly ApprovedSource[];
  readonly notApproved: readonly string[];
}

/**
 * The target of a job, with the folder of what a conversion of the tenant wrote.
 * @throws ServiceError `conversion-removed`; RegistryError `not-found` for a conversion that the tenant has not
 */
export async function sourceIn(
  { registry, conversions }: SourceParts,
  by: Principal,
  target: string,
): Promise<TestSource> {
  if (!target.startsWith(CONVERSION)) return { target, folder: null };
  const output = await registry.jobs.output(by, target.slice(CONVERSION.length));
  if (output === null)
    throw new ServiceError(410, 'conversion-removed', 'the files of the conversion were removed: convert it again');
  return { target, folder: conversions.filesOf(by.tenant, output) };
}

/** The versions of a model that may run at a stage now: by its approvals, and by its policy. The nearest to users first. */
export async function approvedSources(parts: SourceParts, by: Principal, model: string): Promise<Approved> {
  const found = await approvedVersions(parts.registry, by, model);
  const approved: ApprovedSource[] = [];
  const notApproved = [...found.notApproved];
  for (const { version, stage } of found.versions) {
    const { id, number, digest, pinned, ref } = version;
    try {
      const source = await sourceIn(parts, by, pinned[0] ?? ref);
      approved.push({ ...source, version: { version: id, number, stage, digest } });
    } catch (error) {
      if (!(error instanceof ServiceError) && !isRegistryError(error)) throw error;
      notApproved.push(`version ${number}, which is approved for ${stage}, cannot be read: ${error.message}`);
    }
  }
  return { approved, notApproved };
}

/** The same, wherever their bytes are. */
export async function approvedVersions(
  registry: Pick<Registry, 'model' | 'currentDecisions'>,
  by: Principal,
  model: string,
): Promise<ApprovedVersions> {
  const summary = await summaryOf(registry, by, model);
  if (summary === undefined) return { versions: [], notApproved: ['the registry has no version of the model'] };
  const versions: ApprovedVersions['versions'][number][] = [];
  const notApproved: string[] = [];
  for (const stage of STAGES) {
    const version = summary.stages[stage];
    if (version !== undefined && (await mayRun(registry, by, version, stage))) versions.push({ version, stage });
    else notApproved.push(`no version is approved for ${stage}`);
  }
  return { versions, notApproved };
}

async function summaryOf(
  registry: Pick<Registry, 'model'>,
  by: Principal,
  model: string,
): Promise<ModelSummary | undefined> {
  try {
    return await registry.model(by, model);
  } catch (error) {
    if (isRegistryError(error) && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** A version keeps its stage when its approvals end, and may not run there any more. */
async function mayRun(
  registry: Pick<Registry, 'currentDecisions'>,
  by: Principal,
  { digest, model, number }: Version,
  stage: (typeof STAGES)[number],
): Promise<boolean> {
  const answers = await registry.currentDecisions(by, { digest });
  return answers.some(
    (one) => one.model === model && one.number === number && one.action !== 'deny' && one.approvedFor.includes(stage),
  );
}
