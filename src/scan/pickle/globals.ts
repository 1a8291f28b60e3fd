import { python3Name } from '../../formats/pickle/python2-names.ts';
import type { GlobalName } from '../../formats/pickle/values.ts';
import { BUILT_IN_LISTS, type RuleLists } from '../rule-lists.ts';
import type { ListedGlobal, Use } from './allowlists.ts';

/** An organisation's own permission for one exact name. */
export interface Allowance {
  readonly module: string;
  readonly name: string;
  readonly uses: readonly Use[];
  readonly owner: string;
  readonly reason: string;
  /** ISO date; void from the day after. */
  readonly expires: string;
}

/** What is known of a name. */
export type Standing =
  | { readonly kind: 'listed'; readonly entry: ListedGlobal }
  /** Listed, but the artifact holds a file that would be imported in its place. */
  | { readonly kind: 'shadowed'; readonly entry: ListedGlobal }
  | { readonly kind: 'dangerous'; readonly danger: string }
  | { readonly kind: 'unlisted' };

/** Which globals a pickle may use, and how. */
export interface GlobalPolicy {
  standing(global: Pick<GlobalName, 'module' | 'name' | 'mapped'>): Standing;
}

export interface GlobalPolicyOptions {
  /** Those of this program, when absent. */
  readonly lists?: RuleLists;
  readonly allowances?: readonly Allowance[];
  /** Top-level modules that files of the artifact would provide. */
  readonly provided?: ReadonlySet<string>;
  /** Whether names of known danger raise a verdict. Off only to prove that nothing rests on them. */
  readonly dangerousNames?: boolean;
}

export function createGlobalPolicy(options: GlobalPolicyOptions = {}): GlobalPolicy {
  const own = new Map(
    (options.allowances ?? []).map((allowance) => [`${allowance.module}:${allowance.name}`, asListed(allowance)]),
  );
  const provided = options.provided ?? new Set<string>();
  const { listed: shipped, dangerOf } = options.lists ?? BUILT_IN_LISTS;
  const allowed = (module: string, name: string) => own.get(`${module}:${name}`);
  return {
    standing(global) {
      const python3 = global.mapped ? python3Name(global.module, global.name) : global;
      const names = [global, python3] as const;
      const danger = firstOf(names, dangerOf);
      // A dangerous name cannot be pardoned; one on a shipped list has its uses, and its contract.
      const entry = firstOf(names, shipped) ?? (danger === undefined ? firstOf(names, allowed) : undefined);
      if (entry !== undefined) {
        const shadowed = names.some(({ module }) => provided.has(topLevel(module)));
        return { kind: shadowed ? 'shadowed' : 'listed', entry };
      }
      if (danger !== undefined && options.dangerousNames !== false) return { kind: 'dangerous', danger };
      return { kind: 'unlisted' };
    },
  };
}

function firstOf<T>(
  names: readonly { readonly module: string; readonly name: string }[],
  look: (module: string, name: string) => T | undefined,
): T | undefined {
  for (const { module, name } of names) {
    const found = look(module, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function topLevel(module: string): string {
  return module.split('.')[0] ?? module;
}

function asListed(allowance: Allowance): ListedGlobal {
  const { module, name, owner, expires } = allowance;
  return {
    module,
    name,
    uses: new Set(allowance.uses),
    contract: undefined,
    tier: 'organisation',
    library: owner,
    versions: expires,
  };
}
