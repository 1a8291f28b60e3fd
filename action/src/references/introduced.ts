import {
  type FoundReference,
  findReferences,
  importsOf,
  type ModuleFiles,
  NO_MODULES,
  referenceIdentity,
  tooLong,
} from '../../../src/references/index.ts';
import type { ChangeSet, RepositoryFiles } from '../change/index.ts';
import { importersOf } from './importers.ts';
import { modulesOf } from './modules.ts';
import { type Text, textOf } from './text.ts';

/** A reference, and the file that it stands in. */
export interface PlacedReference extends FoundReference {
  readonly file: string;
}

/** A text of the change, as it is and as it was; `undefined` where it is too long, or was not there. */
interface Versions {
  readonly path: string;
  readonly now: string | undefined;
  readonly before: string | undefined;
  readonly wasThere: boolean;
}

/**
 * What the change adds to what files reference: a line that only moved adds nothing, and a constant that changed does, be it elsewhere
 * in the file or in a module that the file imports.
 */
export async function introducedReferences(change: ChangeSet): Promise<readonly PlacedReference[]> {
  const own = await versionsOf(change);
  const importers = await importersOf(change);
  const used = importers.texts.map(({ path, text }) => ({ path, now: text, before: text, wasThere: true }));
  const all = [...own, ...used];
  const modules = await followed(all, 'now', async () => change.files);
  const modulesBefore = await followed(all, 'before', change.baseFiles);
  const found = all.flatMap(({ path, now, before, wasThere }) => {
    const known = wasThere ? referencesIn(path, before, modulesBefore) : [];
    return added(referencesIn(path, now, modules), known).map((one) => ({ ...one, file: path }));
  });
  return [...found, ...unsearchedUses(importers.unsearched)];
}

/** One for all modules: a change of thousands of them would bury every other finding. */
function unsearchedUses(modules: readonly string[]): readonly PlacedReference[] {
  const [file] = modules;
  if (file === undefined) return [];
  const whose =
    modules.length === 1 ? 'its constants' : `its constants and those of ${modules.length - 1} more modules`;
  const why = `${whose} changed, and can be used in more files than the Action searches`;
  return [{ ...tooLong(file), target: { kind: 'unresolved', why }, file }];
}

async function versionsOf({ texts }: ChangeSet): Promise<readonly Versions[]> {
  const all: Versions[] = [];
  for (const { path, blob, before } of texts) {
    if (blob.oid === before?.oid) continue;
    const now = await textOf(path, blob);
    const then = before === undefined ? undefined : await textOf(path, before);
    all.push({ path, now, before: then, wasThere: before !== undefined });
  }
  return all;
}

/** The modules that texts of one commit lead to; none are looked for when no text imports any. */
async function followed(
  all: readonly Versions[],
  which: 'now' | 'before',
  filesOf: () => Promise<RepositoryFiles | undefined>,
): Promise<ModuleFiles> {
  const texts = all.flatMap(({ path, [which]: text }): Text[] => (text === undefined ? [] : [{ path, text }]));
  const importing = texts.filter(({ path, text }) => importsOf(path, text).length > 0);
  const files = importing.length === 0 ? undefined : await filesOf();
  return files === undefined ? NO_MODULES : modulesOf(importing, files);
}

function added(now: readonly FoundReference[], before: readonly FoundReference[]): readonly FoundReference[] {
  const counts = new Map<string, number>();
  for (const one of before) counts.set(referenceIdentity(one), (counts.get(referenceIdentity(one)) ?? 0) + 1);
  return now.filter((one) => {
    const identity = referenceIdentity(one);
    const left = counts.get(identity) ?? 0;
    counts.set(identity, left - 1);
    return left <= 0;
  });
}

function referencesIn(path: string, text: string | undefined, modules: ModuleFiles): readonly FoundReference[] {
  return text === undefined ? [tooLong(path)] : findReferences(path, text, modules);
}
