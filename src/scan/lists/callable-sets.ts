import { readFileSync } from 'node:fs';

/** A named set as it lies in `callable-sets.json`: by module, names separated by spaces. */
interface CallableSet {
  /** Why values of the set are harmless where the set is named. */
  readonly why: string;
  readonly names: Readonly<Record<string, string>>;
}

let sets: ReadonlyMap<string, ReadonlySet<string>> | undefined;

/** The callables of a named set, by "module:name"; `undefined` for a name that no set has. */
export function callableSet(name: string): ReadonlySet<string> | undefined {
  sets ??= readSets();
  return sets.get(name);
}

export function callableSetNames(): readonly string[] {
  sets ??= readSets();
  return [...sets.keys()];
}

function readSets(): ReadonlyMap<string, ReadonlySet<string>> {
  const file = readFileSync(new URL('../pickle/types/callable-sets.json', import.meta.url), 'utf8');
  const all = JSON.parse(file) as Readonly<Record<string, CallableSet>>;
  return new Map(
    Object.entries(all).map(([name, { names }]) => [
      name,
      new Set(Object.entries(names).flatMap(([module, own]) => own.split(' ').map((one) => `${module}:${one}`))),
    ]),
  );
}
