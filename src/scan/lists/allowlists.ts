import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Allowlist, expand, isUse, type ListedGlobal, type Use, type WrittenAllowlist } from './allowlist.ts';
import { mergeTypes } from './entry-types.ts';
import { ListTypes } from './list-types.ts';

export { type Allowlist, isUse, type ListedGlobal, type Use } from './allowlist.ts';

let listed: ReadonlyMap<string, ListedGlobal> | undefined;

/** All shipped lists as one map from "module:name". */
export function listedGlobals(): ReadonlyMap<string, ListedGlobal> {
  listed ??= mergeAllowlists(shippedAllowlists().values());
  return listed;
}

const packages = new Map<string, ReadonlyMap<string, ListedGlobal>>();
const read = new Map<string, Allowlist>();

/** An entry of the shipped lists. Only lists that have names of its package are read. */
export function listedGlobal(module: string, name: string): ListedGlobal | undefined {
  const own = packageOf(module);
  const files = listsByPackage().get(own);
  if (files === undefined) return undefined;
  const entries = packages.get(own) ?? mergeAllowlists(files.map(readOnce), (one) => packageOf(one) === own);
  packages.set(own, entries);
  return entries.get(`${module}:${name}`);
}

function readOnce(file: string): Allowlist {
  const list = read.get(file) ?? readAllowlist(file);
  read.set(file, list);
  return list;
}

let byPackage: ReadonlyMap<string, readonly string[]> | undefined;

/** Files of lists by the packages that they have names of; made by scripts/list-packages.mjs. */
export function listsByPackage(): ReadonlyMap<string, readonly string[]> {
  byPackage ??= new Map(
    Object.entries(JSON.parse(readFileSync(new URL('../pickle/list-packages.json', import.meta.url), 'utf8'))),
  );
  return byPackage;
}

/** `sklearn` of `sklearn.tree._classes`. */
export function packageOf(module: string): string {
  const dot = module.indexOf('.');
  return dot < 0 ? module : module.slice(0, dot);
}

/** The shipped lists by name: `torch`, `scikit-learn`. Some lie in folders by their first letter. */
export function shippedAllowlists(): ReadonlyMap<string, Allowlist> {
  return new Map(allowlistFiles().map((file) => [basename(file, '.json'), readOnce(file)]));
}

const FOLDER = new URL('../pickle/allowlists/', import.meta.url);

/** The files of all shipped lists, relative to their folder, sorted. */
export function allowlistFiles(): string[] {
  const names = readdirSync(FOLDER, { encoding: 'utf8', recursive: true });
  return names.filter((name) => name.endsWith('.json')).sort();
}

/** @param file as `allowlistFiles` names it */
export function readAllowlist(file: string): Allowlist {
  return expand(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as WrittenAllowlist);
}

/**
 * Lists as one map from "module:name". A name in several lists has the uses of all.
 * @param isWanted names for which it is false are left out
 */
export function mergeAllowlists(
  lists: Iterable<Allowlist>,
  isWanted: (module: string, key: string) => boolean = () => true,
): ReadonlyMap<string, ListedGlobal> {
  const map = new Map<string, ListedGlobal>();
  for (const list of lists) {
    let told: ListTypes | undefined;
    for (const [module, name, uses, versions, contract] of list.globals) {
      const key = `${module}:${name}`;
      if (!isWanted(module, key)) continue;
      told ??= typesIn(list);
      const earlier = map.get(key);
      const traits = told.traitsOf(key) ?? earlier?.traits;
      map.set(key, {
        module,
        name,
        uses: earlier === undefined ? usesOf(uses) : new Set([...earlier.uses, ...usesOf(uses)]),
        contract: contract ?? earlier?.contract,
        types: mergeTypes(earlier?.types, told.typesOf(key)),
        ...(traits === undefined ? {} : { traits }),
        ...(told.isLookedAt(key) ? { evidence: 'classes' as const } : {}),
        tier: earlier?.tier ?? list.tier,
        library: earlier?.library ?? list.library,
        versions: earlier?.versions ?? versions,
      });
    }
  }
  return map;
}

const knownTypes = new WeakMap<Allowlist, ListTypes>();

function typesIn(list: Allowlist): ListTypes {
  const known = knownTypes.get(list) ?? new ListTypes(list);
  knownTypes.set(list, known);
  return known;
}

/** Many entries have the same uses. */
const knownUses = new Map<string, ReadonlySet<Use>>();

function usesOf(text: string): ReadonlySet<Use> {
  const known = knownUses.get(text) ?? new Set(text.split(' ').filter(isUse));
  if (knownUses.size < 64) knownUses.set(text, known);
  return known;
}
