import type { SyntaxNode, Tree } from '@lezer/common';

/** What a name is bound to in a scope. */
export type NameBinding =
  | { readonly kind: 'value'; readonly node: SyntaxNode }
  /** An item of what a loop goes over. */
  | { readonly kind: 'item'; readonly of: SyntaxNode }
  /** Of a list on the left: the item at `index`. */
  | { readonly kind: 'part'; readonly of: SyntaxNode; readonly index: number }
  /** A parameter: its default, which a caller may replace. */
  | { readonly kind: 'parameter'; readonly fallback: SyntaxNode | undefined }
  | { readonly kind: 'other'; readonly why: string };

/** What a name was imported as. */
export interface Imported {
  /** As it is written: `a.b`, `.config`, `..`. */
  readonly module: string;
  /** What of it; `null` for the module itself. */
  readonly name: string | null;
}

/** Names of one function, class or module. */
interface Scope {
  readonly from: number;
  readonly bindings: Map<string, NameBinding[]>;
}

/** CWE-770: bindings of a module that are kept. */
const MAX_BINDINGS = 100_000;

/** CWE-770: modules of which all names are imported, and places that import one name. */
const MAX_STARS = 16;

const SCOPES: ReadonlySet<string> = new Set(['FunctionDefinition', 'LambdaExpression', 'ClassDefinition']);

/** The names of a Python module: what they are bound to, in which scope, and where they were imported from. */
export class PythonModule {
  readonly source: string;
  readonly path: string;
  readonly imports = new Map<string, string>();
  /** The same with the module apart from the name; several where a name is imported in several places. */
  readonly imported = new Map<string, readonly Imported[]>();
  /** Modules of which all names are imported. */
  readonly stars: string[] = [];
  /** All modules that are imported, or may be, as they are written. */
  readonly modules = new Set<string>();
  /** By the name of an attribute that is assigned: `self.model`, `config.model`. */
  readonly #attributes = new Map<string, NameBinding[]>();
  /** Defaults of options on a command line, by their name. */
  readonly #options = new Map<string, SyntaxNode[]>();
  readonly #scopes = new Map<number, Scope>();
  #count = 0;

  /** @param path in its repository; by it, modules are found that it imports */
  constructor(source: string, tree: Tree, path: string) {
    this.source = source;
    this.path = path;
    this.#scopes.set(-1, { from: -1, bindings: new Map() });
    tree.iterate({ enter: ({ node }) => this.#visit(node) });
  }

  textOf(node: SyntaxNode): string {
    return this.source.slice(node.from, node.to);
  }

  /** What a name may be bound to where it is used, from the innermost scope that binds it. */
  bindingsOf(name: string, at: SyntaxNode): readonly NameBinding[] | undefined {
    for (const scope of this.#scopesAround(at)) {
      const found = this.#scopes.get(scope)?.bindings.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  attribute(path: string): readonly NameBinding[] | undefined {
    return this.#attributes.get(path);
  }

  /** Default of `--name`. */
  option(name: string): readonly SyntaxNode[] | undefined {
    return this.#options.get(name);
  }

  /** The names of a module's own scope, with what they are bound to. */
  globals(): ReadonlyMap<string, readonly NameBinding[]> {
    return this.#scopes.get(-1)?.bindings ?? new Map();
  }

  /** Everything by which a name of it may be something else for others: imports, and what names are bound to. */
  constants(): string {
    const shown = (bindings: readonly NameBinding[]) =>
      bindings.map((one) => ('node' in one ? this.textOf(one.node) : 'of' in one ? this.textOf(one.of) : one.kind));
    const names = [...this.globals(), ...this.#attributes].map(([name, bindings]) => [name, shown(bindings)]);
    return JSON.stringify([names, [...this.imported], this.stars]);
  }

  #visit(node: SyntaxNode): void {
    switch (node.name) {
      case 'AssignStatement':
      case 'NamedExpression':
        this.#assign(node);
        return;
      case 'UpdateStatement':
        this.#bindTarget(node.firstChild, { kind: 'other', why: 'is added to' }, node);
        return;
      case 'ForStatement':
      case 'ForClause':
        this.#loop(node);
        return;
      case 'ParamList':
        this.#parameters(node);
        return;
      case 'ImportStatement':
        this.#import(node);
        return;
      case 'CallExpression':
        this.#option(node);
        return;
      case 'FunctionDefinition':
      case 'ClassDefinition': {
        const name = node.getChild('VariableName');
        if (name !== null) this.#bind(this.textOf(name), { kind: 'other', why: 'is code' }, node.parent ?? node);
      }
    }
  }

  #assign(node: SyntaxNode): void {
    const sides: SyntaxNode[][] = [[]];
    for (let child = node.firstChild; child !== null; child = child.nextSibling) {
      if (child.name === 'AssignOp') sides.push([]);
      else if (child.name !== ',' && child.name !== 'TypeDef') sides.at(-1)?.push(child);
    }
    const values = sides.pop() ?? [];
    for (const targets of sides) {
      for (const [index, target] of targets.entries()) {
        const [only] = values;
        if (only === undefined) continue;
        const own = values.length === targets.length ? values[index] : undefined;
        const binding: NameBinding =
          own !== undefined
            ? { kind: 'value', node: own }
            : targets.length > 1 && values.length === 1
              ? { kind: 'part', of: only, index }
              : { kind: 'other', why: 'is one of several' };
        this.#bindTarget(target, binding, node);
      }
    }
  }

  #loop(node: SyntaxNode): void {
    const targets: SyntaxNode[] = [];
    let child = node.firstChild;
    for (; child !== null && child.name !== 'in'; child = child.nextSibling) {
      if (child.name === 'VariableName' || child.name === 'TupleExpression') targets.push(child);
    }
    const over = child?.nextSibling ?? null;
    if (over === null) return;
    const [only] = targets;
    if (targets.length === 1 && only?.name === 'VariableName') this.#bindTarget(only, { kind: 'item', of: over }, node);
    else for (const target of targets) this.#bindTarget(target, { kind: 'other', why: 'is one of several' }, node);
  }

  #parameters(node: SyntaxNode): void {
    const scope = node.parent ?? node;
    for (let child = node.firstChild; child !== null; child = child.nextSibling) {
      if (child.name !== 'VariableName' || child.prevSibling?.name === 'AssignOp') continue;
      let next = child.nextSibling;
      if (next?.name === 'TypeDef') next = next.nextSibling;
      const fallback = next?.name === 'AssignOp' ? (next.nextSibling ?? undefined) : undefined;
      this.#bindIn(scope.from, this.textOf(child), { kind: 'parameter', fallback });
    }
  }

  /** `import a.b as c`, `from a import b as c, d`. */
  #import(node: SyntaxNode): void {
    const words = this.textOf(node)
      .replace(/[()\\\n]/g, ' ')
      .replace(/#.*$/gm, ' ')
      .trim();
    const from = /^from\s+(\S+)\s+import\s+(.*)$/s.exec(words);
    const list = from?.[2] ?? /^import\s+(.*)$/s.exec(words)?.[1] ?? '';
    for (const part of list.split(',')) {
      const [name = '', as, alias] = part.trim().split(/\s+/);
      if (from?.[1] !== undefined && name === '*') this.#star(from[1]);
      if (!/^[\w.]+$/.test(name)) continue;
      this.#imported(from?.[1], name, as === 'as' ? alias : undefined);
      const full = from === null ? name : `${from[1]}.${name}`;
      if (as === 'as' && alias !== undefined) this.imports.set(alias, full);
      else if (from !== null) this.imports.set(name, full);
      else this.imports.set(name.split('.')[0] ?? name, name.split('.')[0] ?? name);
    }
  }

  #star(module: string): void {
    this.modules.add(module);
    if (this.stars.length < MAX_STARS) this.stars.push(module);
  }

  #imported(from: string | undefined, name: string, alias: string | undefined): void {
    const [first = name] = name.split('.');
    const here = alias ?? (from === undefined ? first : name);
    // `import a.b` binds `a`, and `from a import b` may import the module `a.b`.
    const one: Imported =
      from === undefined ? { module: alias === undefined ? first : name, name: null } : { module: from, name };
    this.modules.add(from ?? name);
    if (from !== undefined) this.modules.add(from.endsWith('.') ? `${from}${name}` : `${from}.${name}`);
    const known = this.imported.get(here) ?? [];
    if (known.length < MAX_STARS) this.imported.set(here, [...known, one]);
  }

  /** `add_argument('--model', default=...)`, and the like of click and typer. */
  #option(node: SyntaxNode): void {
    const called = node.firstChild;
    if (called === null || !/(?:^|\.)(?:add_argument|option|Option)$/.test(this.textOf(called).slice(-40))) return;
    const list = node.getChild('ArgList');
    if (list === null) return;
    const names = list.getChildren('String').flatMap((one) => /--?([\w-]+)/.exec(this.textOf(one))?.[1] ?? []);
    for (let child = list.firstChild; child !== null; child = child.nextSibling) {
      if (child.name !== 'AssignOp' || child.prevSibling === null || child.nextSibling === null) continue;
      if (this.textOf(child.prevSibling) !== 'default') continue;
      for (const name of names) {
        const key = name.replaceAll('-', '_');
        this.#options.set(key, [...(this.#options.get(key) ?? []), child.nextSibling]);
      }
    }
  }

  #bindTarget(target: SyntaxNode | null, binding: NameBinding, at: SyntaxNode): void {
    if (target?.name === 'VariableName') this.#bind(this.textOf(target), binding, at);
    else if (target?.name === 'MemberExpression') {
      const path = this.textOf(target);
      if (/^\w+(?:\.\w+)+$/.test(path)) this.#attributes.set(path, [...(this.#attributes.get(path) ?? []), binding]);
    } else if (target?.name === 'TupleExpression') {
      for (const one of target.getChildren('VariableName'))
        this.#bind(this.textOf(one), { kind: 'other', why: 'is one of several' }, at);
    }
  }

  #bind(name: string, binding: NameBinding, at: SyntaxNode): void {
    const [scope = -1] = this.#scopesAround(at);
    this.#bindIn(scope, name, binding);
    // A class's own names are read through it: `self.model`, `Config.model`.
    const owner = this.#classes.get(scope);
    if (owner === undefined) return;
    for (const path of [`self.${name}`, `${owner}.${name}`])
      this.#attributes.set(path, [...(this.#attributes.get(path) ?? []), binding]);
  }

  /** Names of classes, by where they begin. */
  readonly #classes = new Map<number, string>();

  #bindIn(from: number, name: string, binding: NameBinding): void {
    if (++this.#count > MAX_BINDINGS) return;
    const scope = this.#scopes.get(from) ?? { from, bindings: new Map<string, NameBinding[]>() };
    this.#scopes.set(from, scope);
    const all = scope.bindings.get(name);
    if (all === undefined) scope.bindings.set(name, [binding]);
    else all.push(binding);
  }

  #nameOf(definition: SyntaxNode): string {
    const name = definition.getChild('VariableName');
    return name === null ? '' : this.textOf(name);
  }

  /** Starts of the scopes around a node, the innermost first; -1 is the module. */
  #scopesAround(node: SyntaxNode): readonly number[] {
    const scopes: number[] = [];
    for (let at: SyntaxNode | null = node; at !== null; at = at.parent) {
      if (!SCOPES.has(at.name)) continue;
      if (at.name === 'ClassDefinition') this.#classes.set(at.from, this.#nameOf(at));
      scopes.push(at.from);
    }
    return [...scopes, -1];
  }
}
