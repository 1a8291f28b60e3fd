import { readFileSync } from 'node:fs';

interface NameMap {
  readonly modules: Readonly<Record<string, string>>;
  readonly names: readonly (readonly [string, string, string, string])[];
}

let map:
  | { modules: ReadonlyMap<string, string>; names: ReadonlyMap<string, { module: string; name: string }> }
  | undefined;

function load(): NonNullable<typeof map> {
  if (map !== undefined) return map;
  const data = JSON.parse(readFileSync(new URL('../python2-names.json', import.meta.url), 'utf8')) as NameMap;
  const names = new Map(data.names.map(([module, name, to, as]) => [`${module}:${name}`, { module: to, name: as }]));
  map = { modules: new Map(Object.entries(data.modules)), names };
  return map;
}

/** What Python 3 imports for a global named under protocol 0 to 2 (`fix_imports`, Lib/_compat_pickle.py). */
export function python3Name(module: string, name: string): { module: string; name: string } {
  const { modules, names } = load();
  return names.get(`${module}:${name}`) ?? { module: modules.get(module) ?? module, name };
}
