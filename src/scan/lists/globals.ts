import { type GlobalName, python3Name } from '../../formats/pickle/index.ts';
import { type ListedGlobal, packageOf, type Use } from './allowlists.ts';
import { parseTypes, type TypesText } from './entry-types.ts';
import { pythonBrings, pythonHas } from './environment.ts';
import { BUILT_IN_LISTS, type RuleLists } from './rule-lists.ts';

/** An organisation's own permission for one exact name. */
export interface Allowance {
  readonly module: string;
  readonly name: string;
  readonly uses: readonly Use[];
  /** The values that its uses may receive; a use that is not there receives plain data and instances of listed data classes. */
  readonly takes?: TypesText | undefined;
  readonly owner: string;
  readonly reason: string;
  /** ISO date; void from the day after. */
  readonly expires: string;
}

/** The standing of a name. */
export type Standing =
  | { readonly kind: 'listed'; readonly entry: ListedGlobal }
  /** Listed, but the artifact holds a file that would be imported in its place. */
  | { readonly kind: 'shadowed'; readonly entry: ListedGlobal }
  | { readonly kind: 'dangerous'; readonly danger: string }
  | { readonly kind: 'unlisted' };

/** Which globals a pickle may use, and how. */
export interface GlobalPolicy {
  standing(global: Named): Standing;
  /** Whether a name resolves in some environment: Python has it, a listed library may, or the artifact brings its module. */
  resolves(global: Named): boolean;
  /** Whether a file of the artifact would be imported in place of a module. */
  shadows(module: string): boolean;
}

type Named = Pick<GlobalName, 'module' | 'name' | 'mapped'>;

export interface GlobalPolicyOptions {
  /** The lists of this program, when absent. */
  readonly lists?: RuleLists;
  readonly allowances?: readonly Allowance[];
  /** Top-level modules that files of the artifact would provide. */
  readonly provided?: ReadonlySet<string>;
  /** Whether names with a known danger raise a verdict. Off only in tests, which prove that soundness does not depend on it. */
  readonly dangerousNames?: boolean;
}

export function createGlobalPolicy(options: GlobalPolicyOptions = {}): GlobalPolicy {
  const own = new Map(
    (options.allowances ?? []).map((allowance) => [`${allowance.module}:${allowance.name}`, asListed(allowance)]),
  );
  const provided = options.provided ?? new Set<string>();
  const { listed: shipped, dangerOf, hasPackage } = options.lists ?? BUILT_IN_LISTS;
  const allowed = (module: string, name: string) => own.get(`${module}:${name}`);
  const exists = ({ module, name }: Pick<Named, 'module' | 'name'>) =>
    pythonHas(module, name) ||
    provided.has(packageOf(module)) ||
    (!pythonBrings(module) && hasPackage(packageOf(module)));
  return {
    standing(global) {
      const names = namesOf(global);
      const danger = firstOf(names, dangerOf);
      // An organisation cannot allow a dangerous name; a name on a shipped list has its uses and its contract.
      const entry = firstOf(names, shipped) ?? (danger === undefined ? firstOf(names, allowed) : undefined);
      // The caller's `fix_imports` decides which of two names is imported: a second name that exists must be listed as well.
      const other = names.find(({ module, name }) => (shipped(module, name) ?? allowed(module, name)) === undefined);
      if (entry !== undefined && (other === undefined || !exists(other))) {
        const shadowed = names.some(({ module }) => provided.has(packageOf(module)));
        return { kind: shadowed ? 'shadowed' : 'listed', entry };
      }
      if (danger !== undefined && options.dangerousNames !== false) return { kind: 'dangerous', danger };
      return { kind: 'unlisted' };
    },
    shadows: (module) => provided.has(packageOf(module)),
    resolves: (global) => namesOf(global).some((each) => exists(withoutNul(each))),
  };
}

/** The name as the stream writes it, and as Python 3 maps it. */
function namesOf(global: Named): readonly Pick<Named, 'module' | 'name'>[] {
  if (!global.mapped) return [global];
  const python3 = python3Name(global.module, global.name);
  return python3.module === global.module && python3.name === global.name ? [global] : [global, python3];
}

/** No file is called with a NUL, but the packages before it are imported first. */
function withoutNul({ module, name }: Pick<Named, 'module' | 'name'>): Pick<Named, 'module' | 'name'> {
  const nul = module.indexOf('\0');
  return nul < 0 ? { module, name } : { module: module.slice(0, module.lastIndexOf('.', nul) + 1).slice(0, -1), name };
}

function firstOf<T>(
  names: readonly Pick<Named, 'module' | 'name'>[],
  look: (module: string, name: string) => T | undefined,
): T | undefined {
  for (const { module, name } of names) {
    const found = look(module, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function asListed(allowance: Allowance): ListedGlobal {
  const { module, name, owner, expires } = allowance;
  return {
    module,
    name,
    uses: new Set(allowance.uses),
    contract: undefined,
    types: allowance.takes === undefined ? undefined : parseTypes(allowance.takes),
    tier: 'organisation',
    library: owner,
    versions: expires,
  };
}
