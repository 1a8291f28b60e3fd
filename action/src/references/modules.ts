import { importsOf, type ModuleFiles } from '../../../src/references/index.ts';
import type { RepositoryFiles } from '../change/index.ts';
import { type Text, textOf } from './text.ts';

/** CWE-770: modules that are read beside what changed, characters of them, and steps from what imports them. */
const MAX_MODULES = 500;
const MAX_CHARACTERS = 16 * 1024 * 1024;
const MAX_DEPTH = 6;

/** The Python modules of a commit that some texts of it lead to. What is not read for its number is there, and not known. */
export async function modulesOf(texts: readonly Text[], files: RepositoryFiles): Promise<ModuleFiles> {
  const sources = new Map<string, string | undefined>(texts.map(({ path, text }) => [path, text]));
  let left = MAX_CHARACTERS;
  let found: readonly Text[] = texts;
  for (let depth = 0; depth < MAX_DEPTH && found.length > 0; depth++) {
    const wanted = new Set<string>();
    for (const { path, text } of found) {
      for (const one of importsOf(path, text)) {
        if (files.isFile(one) && !sources.has(one) && sources.size + wanted.size < MAX_MODULES) wanted.add(one);
      }
    }
    const next: Text[] = [];
    for (const [path, blob] of await files.read([...wanted])) {
      const text = blob.size <= left ? await textOf(path, blob) : undefined;
      sources.set(path, text);
      left -= text?.length ?? 0;
      if (text !== undefined) next.push({ path, text });
    }
    found = next;
  }
  return { has: (path) => files.isFile(path), source: (path) => sources.get(path) };
}
