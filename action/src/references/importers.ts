import { constantsOf, importsOf } from '../../../src/references/index.ts';
import type { ChangedText, ChangeSet, RepositoryFiles } from '../change/index.ts';
import { type Text, textOf } from './text.ts';

/** CWE-770: files that are searched for uses of constants that changed, characters of those that are parsed, and steps between them. */
const MAX_SEARCHED = 5_000;
const MAX_PARSED = 8 * 1024 * 1024;
const MAX_DEPTH = 4;

/** Files of the commit that did not change themselves, and that use names of modules that did. */
export interface Importers {
  readonly texts: readonly Text[];
  /** Modules whose uses were not searched: there are too many files. */
  readonly unsearched: readonly string[];
}

/** Finds what uses constants that the change gives another value. */
export async function importersOf({ python, texts, files, isWanted }: ChangeSet): Promise<Importers> {
  const changed = new Set<string>();
  for (const one of python) if (await hasOtherConstants(one)) changed.add(one.path);
  if (changed.size === 0) return { texts: [], unsearched: [] };
  const paths = files.paths().filter((path) => /\.(?:py|ipynb)$/i.test(path));
  if (paths.length > MAX_SEARCHED) return { texts: [], unsearched: [...changed].sort() };
  const others = await textsOf(paths, files);
  const found = new Map<string, Text>();
  let leading: ReadonlySet<string> = changed;
  let parsed = 0;
  for (let depth = 0; depth < MAX_DEPTH && leading.size > 0; depth++) {
    const stems = new RegExp([...new Set([...leading].flatMap(stemsOf))].join('|'));
    const next = new Set<string>();
    for (const one of others) {
      if (found.has(one.path) || !stems.test(one.text)) continue;
      parsed += one.text.length;
      if (parsed > MAX_PARSED) return { texts: [], unsearched: [...changed].sort() };
      if (!importsOf(one.path, one.text).some((path) => leading.has(path))) continue;
      found.set(one.path, one);
      // It may hand the name on.
      next.add(one.path);
    }
    leading = next;
  }
  const own = new Set([...python, ...texts].map(({ path }) => path));
  return { texts: [...found.values()].filter(({ path }) => !own.has(path) && isWanted(path)), unsearched: [] };
}

async function hasOtherConstants({ path, blob, before }: ChangedText): Promise<boolean> {
  if (blob.oid === before?.oid) return false;
  const [now, then] = [await textOf(path, blob), before === undefined ? undefined : await textOf(path, before)];
  return now === undefined || then === undefined || constantsOf(now) !== constantsOf(then);
}

async function textsOf(paths: readonly string[], files: RepositoryFiles): Promise<readonly Text[]> {
  const texts: Text[] = [];
  for (const [path, blob] of await files.read(paths)) {
    const text = await textOf(path, blob);
    if (text !== undefined) texts.push({ path, text });
  }
  return texts;
}

/**
 * Regular expressions; a file that imports the module matches at least one: it writes the last name of the module, or, for a package,
 * maybe `.`.
 */
function stemsOf(path: string): readonly string[] {
  const [, folder = '', name = ''] = /(?:([^/]+)\/)?([^/]+)\.pyi?$/i.exec(path) ?? [];
  const isPackage = name === '__init__';
  const stem = isPackage ? folder : name;
  const named = /^\w+$/.test(stem) ? [`\\b${stem}\\b`] : [];
  return isPackage ? [...named, 'from\\s+\\.'] : named.length === 0 ? ['import'] : named;
}
