import { parser } from '@lezer/python';
import { PythonModule } from './module.ts';

/** Modules of the repository that a text lies in, all of one commit. */
export interface ModuleFiles {
  /** Whether a path of the repository is a file. */
  has(path: string): boolean;
  /** Its text; `undefined` for a file that was not read. */
  source(path: string): string | undefined;
}

/** A text on its own: what it imports is not followed. */
export const NO_MODULES: ModuleFiles = { has: () => false, source: () => undefined };

/** CWE-770: modules that one text leads to, and characters of them. */
const MAX_MODULES = 200;
const MAX_CHARACTERS = 4 * 1024 * 1024;
/** Folders around a text in which Python may look for a module. */
const MAX_ROOTS = 16;

/** The Python of a repository, parsed when something asks for it, each module once. */
export class PythonRepository {
  readonly #files: ModuleFiles;
  readonly #parsed = new Map<string, PythonModule | undefined>();
  #characters = 0;

  constructor(files: ModuleFiles) {
    this.#files = files;
  }

  /** Files that a module's name may be, asked for in another file: all that there are, for nothing says which one Python finds first. */
  pathsOf(module: string, from: string): readonly string[] {
    return candidatesOf(module, from).filter((path) => this.#files.has(path));
  }

  /** @returns `undefined` for a module that was not read */
  module(path: string): PythonModule | undefined {
    if (this.#parsed.has(path)) return this.#parsed.get(path);
    const source = this.#parsed.size < MAX_MODULES ? this.#files.source(path) : undefined;
    this.#characters += source?.length ?? 0;
    const isRead = source !== undefined && this.#characters <= MAX_CHARACTERS;
    const parsed = isRead ? new PythonModule(source, parser.parse(source), path) : undefined;
    this.#parsed.set(path, parsed);
    return parsed;
  }
}

/** What a module says that others may use: its constants, and those of its classes, as they are written. */
export function constantsOf(source: string): string {
  return new PythonModule(source, parser.parse(source), '').constants();
}

/** Whether a text is Python from its beginning to its end. */
export function isWholePython(source: string): boolean {
  let whole = true;
  parser.parse(source).iterate({
    enter: ({ type }) => {
      if (type.isError) whole = false;
      return whole;
    },
  });
  return whole;
}

/** Paths where modules may be that a text imports. */
export function importedPaths(source: string, path: string): readonly string[] {
  const { modules } = new PythonModule(source, parser.parse(source), path);
  return [...new Set([...modules].flatMap((module) => candidatesOf(module, path)))];
}

/** Paths of the repository where a module may be that another file imports, whether they are there or not. */
export function candidatesOf(module: string, from: string): readonly string[] {
  const [, dots = '', dotted = ''] = /^(\.*)((?:\w+(?:\.\w+)*)?)$/.exec(module) ?? [];
  if (dots === '' && dotted === '') return [];
  const within = dotted.replaceAll('.', '/');
  const folders = foldersOf(from);
  if (dots !== '') {
    const folder = folders[dots.length - 1];
    return folder === undefined ? [] : filesOf(joined(folder, within));
  }
  // Where a program is started, and where packages lie, is not known from the text.
  const roots = folders.slice(0, MAX_ROOTS).flatMap((folder) => [folder, joined(folder, 'src')]);
  return roots.flatMap((root) => filesOf(joined(root, within)));
}

/** The folder of a file, and those around it. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.push(path.slice(0, at));
  return [...folders, ''];
}

function filesOf(path: string): string[] {
  return path === '' ? ['__init__.py'] : [`${path}.py`, `${path}/__init__.py`];
}

function joined(folder: string, rest: string): string {
  return folder === '' || rest === '' ? `${folder}${rest}` : `${folder}/${rest}`;
}
