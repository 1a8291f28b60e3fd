import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type EntryTypes, mergeTypes, parseTypes, type TypesText } from './types/entry-types.ts';

/**
 * What a listed global may be used for: `import` as a value or an argument, `call`ed, `new` as the class of an instance,
 * `build` to take a state, `items` to take elements.
 */
export type Use = 'import' | 'call' | 'new' | 'build' | 'items';

export interface ListedGlobal {
  readonly module: string;
  readonly name: string;
  readonly uses: ReadonlySet<Use>;
  /** Names a contract that its arguments must keep. */
  readonly contract: string | undefined;
  /** What each use may be handed; plain data and instances of listed data classes, where it says nothing. */
  readonly types: EntryTypes | undefined;
  readonly tier: string;
  readonly library: string;
  readonly versions: string;
}

/** A list as it lies in `allowlists/`: where each name comes from, which versions of the library wrote it. */
export interface Allowlist {
  readonly tier: string;
  readonly library: string;
  readonly script: string;
  readonly versions: readonly string[];
  readonly globals: readonly (readonly [
    module: string,
    name: string,
    uses: string,
    versions: string,
    contract?: string,
  ])[];
  /** What entries may be handed that is more than data, by "module:name". */
  readonly types?: Readonly<Record<string, TypesText>>;
  /** The same of all entries of the list that it does not name. */
  readonly otherTypes?: TypesText;
  /** For people: which classes were looked at in which versions, and what loading can reach of them. */
  readonly evidence?: unknown;
}

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
      return [basename(file, '.json'), JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Allowlist];
    }),
  );
}

/** Lists as one map from "module:name". A name in several lists has the uses of all. */
export function mergeAllowlists(lists: Iterable<Allowlist>): ReadonlyMap<string, ListedGlobal> {
  const map = new Map<string, ListedGlobal>();
  for (const list of lists) {
    const others = list.otherTypes === undefined ? undefined : parseTypes(list.otherTypes);
    for (const [module, name, uses, versions, contract] of list.globals) {
      const key = `${module}:${name}`;
      const earlier = map.get(key);
      const own = list.types !== undefined && Object.hasOwn(list.types, key) ? list.types[key] : undefined;
      map.set(key, {
        module,
        name,
        uses: new Set([...(earlier?.uses ?? []), ...uses.split(' ').filter(isUse)]),
        contract: contract ?? earlier?.contract,
        types: mergeTypes(earlier?.types, own === undefined ? others : parseTypes(own)),
        tier: earlier?.tier ?? list.tier,
        library: earlier?.library ?? list.library,
        versions: earlier?.versions ?? versions,
      });
    }
  }
  return map;
}

const USES: readonly string[] = ['import', 'call', 'new', 'build', 'items'] satisfies Use[];

export function isUse(text: string): text is Use {
  return USES.includes(text);
}
