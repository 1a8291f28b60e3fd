import { readFileSync } from 'node:fs';

export type Kind =
  | ('model' | 'layer' | 'metric' | 'optimizer' | 'schedule' | 'loss' | 'initializer' | 'regularizer' | 'constraint')
  | ('dtype' | 'seed' | 'quantizer' | 'operation' | 'function');

/** A class of Keras that only computes. */
export interface ListedClass {
  readonly name: string;
  readonly kind: Kind;
  /** Where loaders find it by its name. */
  readonly modules: ReadonlySet<string>;
  readonly arguments: ReadonlySet<string>;
}

/** `classes.json`, as `fixtures/make/keras_classes.py` writes it. */
interface ListFile {
  readonly versions: readonly string[];
  readonly modules: readonly string[];
  readonly common: Readonly<Record<string, string>>;
  readonly objects: Readonly<Record<string, readonly Kind[]>>;
  readonly freeTexts: readonly string[];
  /** Name, kind, arguments, indexes of modules, indexes of versions. */
  readonly classes: readonly (readonly [string, Kind, string, readonly number[], readonly number[]])[];
  readonly functions: Readonly<Record<string, readonly number[]>>;
  readonly strings: Readonly<Record<string, string>>;
  readonly operations: string;
  readonly words: string;
}

interface DangerFile {
  readonly classes: Readonly<Record<string, { readonly why: string; readonly runs: string }>>;
  readonly modules: Readonly<Record<string, string>>;
  readonly functions: string;
  readonly operations: Readonly<Record<string, string>>;
  readonly graphOperations: string;
}

export interface KerasLists {
  readonly classes: ReadonlyMap<string, readonly ListedClass[]>;
  /** Modules of each function. */
  readonly functions: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names that stand for objects, by the part of Keras that looks them up: `activations`, `losses`, ... */
  readonly strings: ReadonlyMap<string, ReadonlySet<string>>;
  /** Kinds of objects that an argument may hold. */
  readonly objects: ReadonlyMap<string, readonly Kind[]>;
  readonly freeTexts: ReadonlySet<string>;
  readonly words: ReadonlySet<string>;
  readonly operations: ReadonlySet<string>;
  readonly dangers: {
    readonly classes: ReadonlyMap<string, { readonly why: string; readonly runs: string }>;
    readonly modules: ReadonlyMap<string, string>;
    readonly functions: ReadonlySet<string>;
    readonly operations: ReadonlyMap<string, string>;
    readonly graphOperations: ReadonlySet<string>;
  };
}

let known: KerasLists | undefined;

export function kerasLists(): KerasLists {
  known ??= read();
  return known;
}

function read(): KerasLists {
  const file = JSON.parse(readFileSync(new URL('../classes.json', import.meta.url), 'utf8')) as ListFile;
  const dangers = JSON.parse(readFileSync(new URL('../dangers.json', import.meta.url), 'utf8')) as DangerFile;
  const places = (indexes: readonly number[]) => new Set(indexes.map((index) => file.modules[index] ?? ''));
  const classes = new Map<string, ListedClass[]>();
  for (const [name, kind, given, modules] of file.classes) {
    const all = new Set([...wordsOf(given), ...wordsOf(file.common[kind] ?? '')]);
    const one = { name, kind, modules: places(modules), arguments: all };
    const same = classes.get(name);
    if (same === undefined) classes.set(name, [one]);
    else same.push(one);
  }
  return {
    classes,
    functions: new Map(Object.entries(file.functions).map(([name, modules]) => [name, places(modules)])),
    strings: new Map(Object.entries(file.strings).map(([area, names]) => [area, new Set(wordsOf(names))])),
    objects: new Map(Object.entries(file.objects)),
    freeTexts: new Set(file.freeTexts),
    words: new Set(wordsOf(file.words)),
    operations: new Set(wordsOf(file.operations)),
    dangers: {
      classes: new Map(Object.entries(dangers.classes)),
      modules: new Map(Object.entries(dangers.modules)),
      functions: new Set(wordsOf(dangers.functions)),
      operations: new Map(Object.entries(dangers.operations)),
      graphOperations: new Set(wordsOf(dangers.graphOperations)),
    },
  };
}

function wordsOf(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}
