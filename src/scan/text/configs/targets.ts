import { readFileSync } from 'node:fs';

/** What a listed name makes: an object, or nothing that a configuration may call unless it is reviewed (`call`). */
export type ConfigTargetKind = 'class' | 'function' | 'call';

/** A name that a configuration may have a loader call. */
export interface ConfigTarget {
  readonly kind: ConfigTargetKind;
  /** By name, in the order of the call: what each argument may be; an empty text allows null alone. */
  readonly takes: ReadonlyMap<string, string>;
}

/** `targets.json`, made by `fixtures/make/config_targets.py`. */
interface Written {
  readonly targets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** `spacy.json`, made by `fixtures/make/spacy_names.py`: names of spaCy's catalogue, by the part of it. */
interface WrittenNames {
  readonly names: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

let targets: ReadonlyMap<string, string> | undefined;

function read(): ReadonlyMap<string, string> {
  const { targets: written } = list('targets.json') as Written;
  const { names } = list('spacy.json') as WrittenNames;
  const rows = (lists: Written['targets'], join: (list: string, name: string) => string) =>
    Object.entries(lists).flatMap(([one, all]) =>
      Object.entries(all).map(([name, takes]) => [join(one, name), takes] as const),
    );
  return new Map([
    ...rows(written, (module, name) => `${module}.${name}`),
    ...rows(names, (part, name) => `@${part}:${name}`),
  ]);
}

function list(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`./${file}`, import.meta.url), 'utf8'));
}

/** The entry of a path, or of a name of spaCy (`@misc:name`), as it is written: no loader that is known takes blanks away. */
export function configTarget(path: string): ConfigTarget | undefined {
  targets ??= read();
  const written = targets.get(path);
  if (written === undefined) return undefined;
  const words = written.split(' ');
  const kind = words[0] === '()' ? 'function' : words[0] === '!()' ? 'call' : 'class';
  const pairs = words.filter((word) => word.includes(':')).map((word) => word.split(':'));
  return { kind, takes: new Map(pairs.map(([name = '', kinds = '']) => [name, kinds])) };
}
