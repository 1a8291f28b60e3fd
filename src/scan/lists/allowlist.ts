import type { EntryTypes, TypesText } from './entry-types.ts';

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
  /** The values that each use may receive; a use that is not there receives plain data and instances of listed data classes. */
  readonly types: EntryTypes | undefined;
  /** Properties of a class whose instances are more than plain data. */
  readonly traits?: Traits;
  /** `classes`: its library's classes were looked at in their source; nothing that loading reaches calls what they hold. */
  readonly evidence?: 'classes';
  readonly tier: string;
  readonly library: string;
  readonly versions: string;
}

export interface Traits {
  /** Instances can be called. */
  readonly callable: boolean;
  /** A state with slots would run code of the class: the setters of its properties. */
  readonly dictState: boolean;
  /** Methods that models of its library keep as values. */
  readonly methods: ReadonlySet<string>;
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
  /** The values other than data that entries may receive, by "module:name". */
  readonly types?: Readonly<Record<string, TypesText>>;
  /** The same for all entries of the list that `types` does not name. */
  readonly otherTypes?: TypesText;
  /** Values that all entries may receive in addition, except those that `strict` names. `@own` means all names of the list. */
  readonly everyTypes?: TypesText;
  readonly strict?: readonly string[];
  /** Classes whose instances can be called, and those that take no state of slots, by module. */
  readonly callable?: NamesByModule;
  readonly dictStates?: NamesByModule;
  /** By class: methods that models keep as values. */
  readonly methods?: Readonly<Record<string, string>>;
  /** For people: which classes were looked at in which versions, and what loading can reach of them. */
  readonly evidence?: unknown;
}

/** Names by module, separated by spaces. */
export type NamesByModule = Readonly<Record<string, string>>;

/** A list as it lies in a file: names with the same uses and versions may stand together. */
export interface WrittenAllowlist extends Omit<Allowlist, 'globals'> {
  readonly globals?: Allowlist['globals'];
  readonly groups?: readonly (readonly [uses: string, versions: string, names: NamesByModule])[];
}

/** The list with a row for each name. */
export function expand({ groups = [], globals = [], ...list }: WrittenAllowlist): Allowlist {
  if (groups.length === 0) return { ...list, globals };
  const rows: Allowlist['globals'][number][] = [...globals];
  for (const [uses, versions, names] of groups) {
    for (const [module, own] of Object.entries(names)) {
      for (const name of own.split(' ')) rows.push([module, name, uses, versions]);
    }
  }
  return { ...list, globals: rows };
}

/** Names by module as a set of "module:name". */
export function namesIn(names: NamesByModule | undefined): ReadonlySet<string> {
  return new Set(
    Object.entries(names ?? {}).flatMap(([module, own]) => own.split(' ').map((name) => `${module}:${name}`)),
  );
}

export const USES: readonly Use[] = ['import', 'call', 'new', 'build', 'items'];

export function isUse(text: string): text is Use {
  return (USES as readonly string[]).includes(text);
}
