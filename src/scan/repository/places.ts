import { posix } from 'node:path';
import type { ArmingFact, PlacedFact, PythonFacts, TrustFact } from '../scanner/index.ts';

/** A file of an artifact, and what it says of code. */
export interface CodeFile {
  readonly path: string;
  readonly sha256: string | null;
  readonly code: readonly PlacedFact[];
}

/** A file or a member, by its path in the artifact: `model.mar!handler.py`. */
export interface CodePlace {
  readonly file: string;
  readonly member: string | undefined;
  readonly key: string;
}

/** A Python file, and what its text says. */
export interface PythonPlace extends CodePlace {
  readonly facts: PythonFacts;
}

/** A module that another one imports, and what of it; `null` for all of it. */
export interface ImportedCode {
  readonly place: CodePlace;
  readonly name: string | null;
}

export function codePlace(file: string, member: string | undefined): CodePlace {
  return { file, member, key: member === undefined ? file : `${file}!${member}` };
}

/** What all files of an artifact say of code, and which files are there. */
export class CodeMap {
  readonly #python = new Map<string, PythonPlace>();
  readonly #paths: ReadonlySet<string>;
  readonly #imported = new Map<string, readonly ImportedCode[]>();

  constructor(files: readonly CodeFile[]) {
    this.#paths = new Set(files.map(({ path }) => path));
    for (const { path, code } of files) {
      for (const { member, fact } of code) {
        const place = codePlace(path, member);
        if (fact.kind === 'python') this.#python.set(place.key, { ...place, facts: fact });
      }
    }
  }

  get python(): Iterable<PythonPlace> {
    return this.#python.values();
  }

  /** The module of a path without `.py`: a file, or the `__init__.py` of a folder. */
  module(key: string): CodePlace | undefined {
    for (const one of [`${key}.py`, `${key}/__init__.py`, `${key}.pyw`]) {
      const known = this.#python.get(one);
      if (known !== undefined) return known;
      if (this.#paths.has(one)) return codePlace(one, undefined);
    }
    return undefined;
  }

  below(folder: string): PythonPlace[] {
    return [...this.#python.values()].filter(({ key }) => key.startsWith(folder));
  }

  facts(key: string): PythonFacts | undefined {
    return this.#python.get(key)?.facts;
  }

  /** Modules of the artifact that a file imports, with what it takes from each; `null` for all of it. */
  importedBy(place: CodePlace): readonly ImportedCode[] {
    const known = this.#imported.get(place.key) ?? this.#findImports(place);
    this.#imported.set(place.key, known);
    return known;
  }

  #findImports(place: CodePlace): readonly ImportedCode[] {
    const facts = this.facts(place.key);
    const root = rootOf(place.key);
    const folder = place.key.slice(0, place.key.lastIndexOf('/') + 1) || root;
    const found = new Map<string, { place: CodePlace; name: string | null }>();
    for (const written of facts?.imports ?? []) {
      for (const [key, name] of keysOf(written, folder.startsWith(root) ? folder : root, root)) {
        const target = this.module(key);
        if (target === undefined || target.key === place.key) continue;
        const known = found.get(target.key);
        found.set(target.key, { place: target, name: known === undefined ? name : known.name === name ? name : null });
      }
    }
    return [...found.values()];
  }
}

/** Where an archive, or the artifact, begins. */
export function rootOf(key: string): string {
  return key.slice(0, key.lastIndexOf('!') + 1);
}

/** Modules that `.layers.Norm` may mean: the module itself, and the one that a name is taken from. */
function* keysOf(
  written: string,
  folder: string,
  root: string,
): Generator<readonly [key: string, name: string | null]> {
  const dots = /^\.*/.exec(written)?.[0].length ?? 0;
  const parts = written
    .slice(dots)
    .split('.')
    .filter((part) => part !== '');
  const base = folder.slice(root.length);
  const starts =
    dots === 0
      ? ['', base]
      : [posix.join(base, ...Array.from({ length: dots - 1 }, () => '..'), '/').replace(/^\.\/|^\/$/, '')];
  for (const start of starts) {
    for (let size = parts.length; size > 0; size--) {
      const key = `${root}${start}${parts.slice(0, size).join('/')}`;
      yield [key, size === parts.length - 1 ? (parts.at(-1) ?? null) : null];
    }
  }
}

export function armingsOf(
  files: readonly CodeFile[],
): { readonly at: CodePlace; readonly fact: ArmingFact | TrustFact }[] {
  return files.flatMap(({ path, code }) =>
    code.flatMap(({ member, fact }) =>
      fact.kind === 'arming' || fact.kind === 'trust' ? [{ at: codePlace(path, member), fact }] : [],
    ),
  );
}
