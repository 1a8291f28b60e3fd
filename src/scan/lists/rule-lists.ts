import type { Severity } from '../../core/assessment/index.ts';
import type { LoaderAdvisories } from '../advisories/list/index.ts';
import {
  type Allowlist,
  type ListedGlobal,
  listedGlobal,
  listedGlobals,
  listsByPackage,
  mergeAllowlists,
  packageOf,
  shippedAllowlists,
} from './allowlists.ts';
import { dangerAmong, dangerOf } from './dangerous.ts';
import type { Advisory, RuleBundle } from './rule-bundle.ts';
import { RULESET_VERSION } from './ruleset-version.ts';

/** The lists in which scanners look names up: those of this program, or these combined with an installed bundle. */
export interface RuleLists {
  readonly version: string;
  /** Digest of the bundle's payload, `sha256:<hex>`; `undefined` without one. */
  readonly bundle: string | undefined;
  /** The content of the bundle, from which another thread makes the same lists. */
  readonly content?: RuleBundle;
  readonly listed: (module: string, name: string) => ListedGlobal | undefined;
  readonly entries: () => Iterable<ListedGlobal>;
  /** Whether a list has names of a package. */
  readonly hasPackage: (name: string) => boolean;
  readonly dangerOf: (module: string, name: string) => string | undefined;
  /** Severities of rules, where they differ from the catalogue. */
  readonly severities: ReadonlyMap<string, Severity>;
  /** By SHA-256 of the file, in hex. */
  readonly advisories: ReadonlyMap<string, Advisory>;
  /** Advisories about loaders, in place of those of this program. */
  readonly loaders?: LoaderAdvisories;
}

/** Nothing is read before the first name is looked up. */
export const BUILT_IN_LISTS: RuleLists = {
  version: RULESET_VERSION,
  bundle: undefined,
  listed: listedGlobal,
  entries: () => listedGlobals().values(),
  hasPackage: (name) => listsByPackage().has(name),
  dangerOf,
  severities: new Map(),
  advisories: new Map(),
};

/**
 * The lists of this program with those of a bundle: a list of the bundle stands in place of the shipped one of its name, its
 * dangerous names are added, and a name that is added as dangerous is removed from the shipped lists.
 * @param digest of the bundle's payload
 */
export function listsWith(bundle: RuleBundle, digest: string): RuleLists {
  const merged = mergedWith(bundle);
  const barred = (module: string, name: string) => dangerAmong(bundle.dangerous, module, name);
  const listed = new Map([...merged].filter(([, { module, name }]) => barred(module, name) === undefined));
  const packages = new Set([...listed.values()].map(({ module }) => packageOf(module)));
  return {
    version: bundle.version,
    bundle: digest,
    content: bundle,
    listed: (module, name) => listed.get(`${module}:${name}`),
    entries: () => listed.values(),
    hasPackage: (name) => packages.has(name),
    dangerOf: (module, name) => dangerOf(module, name) ?? barred(module, name),
    severities: new Map(Object.entries(bundle.severities)),
    advisories: new Map(bundle.advisories.flatMap((one) => one.sha256.map((hex) => [hex, one] as const))),
  };
}

/** The entries of `withBundle`, merged. Those that no list of the bundle changes are as they were. */
export function mergedWith(bundle: RuleBundle): ReadonlyMap<string, ListedGlobal> {
  const shipped = shippedAllowlists();
  const merged = new Map(listedGlobals());
  const changed = new Set<string>();
  for (const [list, { globals }] of Object.entries(bundle.allowlists)) {
    for (const [module, name] of [...globals, ...(shipped.get(list)?.globals ?? [])]) changed.add(`${module}:${name}`);
  }
  for (const key of changed) merged.delete(key);
  for (const [key, entry] of mergeAllowlists(withBundle(bundle).values(), (_, key) => changed.has(key)))
    merged.set(key, entry);
  return merged;
}

/**
 * Lists by name; a list of a bundle replaces that of this program. A list without types keeps the types of the list that it
 * replaces.
 */
function withBundle(bundle: RuleBundle): ReadonlyMap<string, Allowlist> {
  const lists = new Map(shippedAllowlists());
  for (const [name, list] of Object.entries(bundle.allowlists)) {
    const silent = list.types === undefined && list.otherTypes === undefined && list.everyTypes === undefined;
    lists.set(name, silent ? { ...lists.get(name), ...list } : list);
  }
  return lists;
}
