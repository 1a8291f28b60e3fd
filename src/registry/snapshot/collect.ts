import type { Version } from '../api/index.ts';
import type { Principal, StoredAssessment } from '../records.ts';
import type { Registry } from '../registry.ts';
import { isRegistryError } from '../registry-error.ts';
import { labelOf } from '../rows/index.ts';
import type { History } from './history.ts';
import { isAsked, type VersionQuestion } from './judge.ts';

const PAGE = 200;

/** Every version of a tenant, model by model. */
export async function* allVersions(registry: Registry, by: Principal): AsyncGenerator<Version> {
  for (let after: string | undefined; ; ) {
    const models = await registry.models(by, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { name } of models.items) yield* versionsOf(registry, by, name);
    if (models.next === null) return;
    after = models.next;
  }
}

async function* versionsOf(registry: Registry, by: Principal, model: string): AsyncGenerator<Version> {
  for (let after: string | undefined; ; ) {
    const page = await registry.versions(by, model, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page.items;
    if (page.next === null) return;
    after = page.next;
  }
}

/** The data by which a version is judged. A version without requests for a stage needs only its name. */
export async function questionOf(
  registry: Registry,
  by: Principal,
  version: Version,
  history: History,
): Promise<VersionQuestion> {
  if (!isAsked(version)) return { version, approvals: [], waivers: [], runs: [], assessment: undefined };
  const approvals = await registry.approvals(by, version.id);
  const isWaived = history.tellsOfWaivers(version.digest);
  const waivers = isWaived ? await registry.waiversFor(by, version.digest) : [];
  const assessment = await newestAssessment(registry, by, version.id);
  const isTested = history.runs(labelOf(version)).size > 0;
  const runs = isTested ? await registry.testAttestations(by, version.id) : [];
  return { version, approvals, waivers, runs, assessment };
}

/** One that the audit log does not cover counts as none: it closes its version, and no other. */
async function newestAssessment(registry: Registry, by: Principal, id: string): Promise<StoredAssessment | undefined> {
  try {
    return (await registry.assessments(by, id, 1))[0];
  } catch (error) {
    if (isRegistryError(error) && error.code === 'broken-log') return undefined;
    throw error;
  }
}
