import {
  findInCommands,
  findInDockerfile,
  findInJson,
  findInNotebook,
  findInYaml,
  notebookPython,
} from './documents/index.ts';
import { findInPython, importedPaths, type ModuleFiles, NO_MODULES } from './python/index.ts';
import type { FoundReference } from './reference.ts';

/** CWE-770: bytes of a text; a longer one is data. A parser takes up to 9 seconds for a MiB that is made for it (measured). */
const MAX_TEXT = 1024 * 1024;
/** Notebooks hold pictures. */
const MAX_NOTEBOOK = 8 * 1024 * 1024;

type Finder = (text: string, path: string, modules: ModuleFiles) => readonly FoundReference[];

/** By the name of a file: what it is written in. */
const FINDERS: readonly (readonly [RegExp, Finder])[] = [
  [/\.pyi?$/i, findInPython],
  [/\.ipynb$/i, findInNotebook],
  [/\.(?:ya?ml|tpl)$/i, findInYaml],
  [/\.json$/i, findInJson],
  [/(?:^|\/)(?:[\w.-]*\.)?(?:Dockerfile|Containerfile)(?:\.[\w.-]+)?$/i, findInDockerfile],
  [/\.(?:sh|bash)$/i, (text) => findInCommands(text, 1)],
];

/** Whether a file of that name may reference models. */
export function mayReference(path: string): boolean {
  return FINDERS.some(([names]) => names.test(path));
}

/**
 * Finds every place in a text that loads a model, a dataset or code by name: pinned, not pinned or unknown. Nothing is
 * fetched or run, and nothing in the text makes it throw.
 *
 *     findReferences('train.py', 'AutoModel.from_pretrained("org/model")')
 *     // [{ line: 1, role: 'model', via: 'from_pretrained', target: { kind: 'named', reference: 'hf://org/model', ... } }]
 *
 * @param path in the repository: by its name it is told what the text is written in
 * @param modules of the repository, in which names are followed that Python imports
 */
export function findReferences(path: string, text: string, modules = NO_MODULES): readonly FoundReference[] {
  const [, find] = FINDERS.find(([names]) => names.test(path)) ?? [];
  if (find === undefined) return [];
  return isTooLong(path, text.length)
    ? [tooLong(path)]
    : [...find(text, path, modules)].sort((a, b) => a.line - b.line);
}

/**
 * Paths of the repository where modules may be that a text of Python imports, whether they are there or not: what `modules` of
 * `findReferences` is asked for.
 */
export function importsOf(path: string, text: string): readonly string[] {
  if (isTooLong(path, text.length)) return [];
  if (/\.pyi?$/i.test(path)) return importedPaths(text, path);
  return /\.ipynb$/i.test(path) ? notebookPython(text).flatMap((code) => importedPaths(code, path)) : [];
}

/** Whether a file of that name and size is not read. */
export function isTooLong(path: string, bytes: number): boolean {
  return bytes > maxOf(path);
}

/** The result for a text that is not read. */
export function tooLong(path: string): FoundReference {
  const why = `the file has more than ${maxOf(path)} bytes, and was not read`;
  return { line: 1, role: 'model', target: { kind: 'unresolved', why }, via: 'file', trustRemoteCode: false, pin: '' };
}

function maxOf(path: string): number {
  return /\.ipynb$/i.test(path) ? MAX_NOTEBOOK : MAX_TEXT;
}
