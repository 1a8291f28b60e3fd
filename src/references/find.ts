import { findInCommands, findInDockerfile, findInJson, findInNotebook, findInYaml } from './documents/index.ts';
import { findInPython } from './python/index.ts';
import type { FoundReference } from './reference.ts';

/** CWE-770: bytes of a text; a longer one is data. A parser takes up to 9 seconds for a MiB that is made for it (measured). */
const MAX_TEXT = 1024 * 1024;
/** Notebooks hold pictures. */
const MAX_NOTEBOOK = 8 * 1024 * 1024;

type Finder = (text: string) => readonly FoundReference[];

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
 * Finds every place of a text that loads a model, a dataset or code by name: pinned or not, and what cannot be told. Nothing is
 * fetched or run, and nothing in the text makes it throw.
 *
 *     findReferences('train.py', 'AutoModel.from_pretrained("org/model")')
 *     // [{ line: 1, role: 'model', via: 'from_pretrained', target: { kind: 'named', reference: 'hf://org/model', ... } }]
 *
 * @param path by its name alone it is told what the text is written in
 */
export function findReferences(path: string, text: string): readonly FoundReference[] {
  const [, find] = FINDERS.find(([names]) => names.test(path)) ?? [];
  if (find === undefined) return [];
  return isTooLong(path, text.length) ? [tooLong(path)] : [...find(text)].sort((a, b) => a.line - b.line);
}

/** Whether a file of that name and size is not read. */
export function isTooLong(path: string, bytes: number): boolean {
  return bytes > maxOf(path);
}

/** What is said of a text that is not read. */
export function tooLong(path: string): FoundReference {
  const why = `the file has more than ${maxOf(path)} bytes, and was not read`;
  return { line: 1, role: 'model', target: { kind: 'unresolved', why }, via: 'file', trustRemoteCode: false, pin: '' };
}

function maxOf(path: string): number {
  return /\.ipynb$/i.test(path) ? MAX_NOTEBOOK : MAX_TEXT;
}
