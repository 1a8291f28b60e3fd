import { all, type RegistryClient } from '../../../../../client/index.ts';
import { isRepoName } from '../../../../../core/reference/index.ts';
import type { AskBase } from '../../../../../pipeline/lineage/index.ts';
import { isRegistryError, type Stage, type Version } from '../../../../../registry/index.ts';

/** CWE-770: versions of one model that are looked at, the first that the registry names. */
const MAX_VERSIONS = 1000;

/** Which version is meant, where none is named: the one that got furthest. */
const FURTHEST: readonly Stage[] = ['production', 'staging', 'candidate', 'retired'];

/** Answers for base models by what a registry keeps of them. */
export function keptBases(registry: RegistryClient): AskBase {
  return async (name) => {
    const [, model = '', revision] = /^(?:hf:\/\/)?([^@]+)(?:@(.+))?$/s.exec(name) ?? [];
    if (!isRepoName(model)) return undefined;
    const versions = await versionsOf(registry, model);
    const named =
      revision === undefined ? versions : versions.filter(({ pinned }) => pinned.includes(`hf://${model}@${revision}`));
    const [best] = [...named].sort(
      (a, b) => FURTHEST.indexOf(a.stage) - FURTHEST.indexOf(b.stage) || b.number - a.number,
    );
    if (best === undefined) return undefined;
    return {
      standing: `is kept by the registry as version ${best.number}, at the stage ${best.stage}`,
      // The registry knows trees, and documents name files.
      sha256: null,
      bases: (await basesOf(registry, best)).map((base) => ({ name: base, sha256: null })),
    };
  };
}

/** What it was registered with, or else what its card declares. */
async function basesOf(registry: RegistryClient, { id, lineage }: Version): Promise<readonly string[]> {
  if (lineage.baseModels.length > 0) return lineage.baseModels.map(({ ref }) => ref);
  if (registry.kind === 'service') return [];
  return (await registry.newestAssessment(id))?.declared.baseModels ?? [];
}

async function versionsOf(registry: RegistryClient, model: string): Promise<readonly Version[]> {
  const found: Version[] = [];
  try {
    for await (const version of all((page) => registry.versions(model, page))) {
      found.push(version);
      if (found.length >= MAX_VERSIONS) break;
    }
  } catch (error) {
    if (isRegistryError(error) && error.code === 'not-found') return [];
    throw error;
  }
  return found;
}
