import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Allowlist, expand, isUse, type ListedGlobal, type Use, type WrittenAllowlist } from './allowlist.ts';
import { ListTypes } from './list-types.ts';
import { mergeTypes } from './types/entry-types.ts';

export { type Allowlist, isUse, type ListedGlobal, type Use } from './allowlist.ts';

let listed: ReadonlyMap<string, ListedGlobal> | undefined;

/** All shipped lists as one map from "module:name". */
export function listedGlobals(): ReadonlyMap<string, ListedGlobal> {
  listed ??= mergeAllowlists(shippedAllowlists().values());
  return listed;
}

/** The shipped lists by name: `torch`, `scikit-learn`. Some lie in folders by their first letter. */
export function shippedAllowlists(): ReadonlyMap<string, Allowlist> {
  const folder = new URL('./allowlists/', import.meta.url);
  const files = readdirSync(folder, { encoding: 'utf8', recursive: true }).filter((name) => name.endsWith('.json'));
  return new Map(
    files.sort().map((file) => {
      return [
        basename(file, '.json'),
        expand(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as WrittenAllowlist),
      ];
    }),
  );
}

/** Lists as one map from "module:name". A name in several lists has the uses of all. */
export function mergeAllowlists(lists: Iterable<Allowlist>): ReadonlyMap<string, ListedGlobal> {
  const map = new Map<string, ListedGlobal>();
  for (const list of lists) {
    const told = new ListTypes(list);
    for (const [module, name, uses, versions, contract] of list.globals) {
      const key = `${module}:${name}`;
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

/** Many entries have the same uses. */
const knownUses = new Map<string, ReadonlySet<Use>>();

function usesOf(text: string): ReadonlySet<Use> {
  const known = knownUses.get(text) ?? new Set(text.split(' ').filter(isUse));
  if (knownUses.size < 64) knownUses.set(text, known);
  return known;
}
