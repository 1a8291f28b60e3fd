import { type Allowlist, namesIn, type Traits } from './allowlist.ts';
import { type EntryTypes, mergeTypes, parseTypes } from './entry-types.ts';

/** What one list says of its entries besides their uses. */
export class ListTypes {
  readonly #list: Allowlist;
  readonly #others: EntryTypes | undefined;
  readonly #every: EntryTypes | undefined;
  readonly #strict: ReadonlySet<string>;
  readonly #callable: ReadonlySet<string>;
  readonly #dictStates: ReadonlySet<string>;

  constructor(list: Allowlist) {
    this.#list = list;
    this.#others = list.otherTypes === undefined ? undefined : parseTypes(list.otherTypes);
    this.#every = list.everyTypes === undefined ? undefined : parseTypes(list.everyTypes, ownNames(list));
    this.#strict = new Set(list.strict);
    this.#callable = namesIn(list.callable);
    this.#dictStates = namesIn(list.dictStates);
  }

  typesOf(key: string): EntryTypes | undefined {
    const { types } = this.#list;
    const own = types !== undefined && Object.hasOwn(types, key) ? types[key] : undefined;
    const said = own === undefined ? this.#others : parseTypes(own);
    return this.#strict.has(key) ? said : mergeTypes(said, this.#every);
  }

  /** Whether the list says of all its entries what they may be handed, and makes no exception of this one. */
  isLookedAt(key: string): boolean {
    return this.#every !== undefined && !this.#strict.has(key);
  }

  traitsOf(key: string): Traits | undefined {
    const { methods } = this.#list;
    const kept = methods !== undefined && Object.hasOwn(methods, key) ? methods[key] : undefined;
    const [callable, dictState] = [this.#callable.has(key), this.#dictStates.has(key)];
    if (kept === undefined && !callable && !dictState) return undefined;
    return { callable, dictState, methods: new Set(kept?.split(' ')) };
  }
}

/** All that a list names: its globals, and the methods of its classes. */
function ownNames({ globals, methods = {} }: Allowlist): ReadonlySet<string> {
  const names = new Set(globals.map(([module, name]) => `${module}:${name}`));
  for (const [owner, own] of Object.entries(methods))
    for (const method of own.split(' ')) names.add(`${owner}.${method}`);
  return names;
}
