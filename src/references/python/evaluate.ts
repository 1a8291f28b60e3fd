import type { SyntaxNode } from '@lezer/common';
import { loaderOf } from './loader-of.ts';
import type { Imported, NameBinding, PythonModule } from './module.ts';
import type { PythonRepository } from './repository.ts';
import { boundedValues, literalParts, MAX_VALUES, type StaticValue, textValue, unescaped, unknown } from './values.ts';

/** Steps from a name to what it is bound to. Hostile code nests deeper. */
const MAX_DEPTH = 24;
/** A value that is not followed further. */
const TOO_MANY_STEPS = unknown('is computed in too many steps');
/** Expressions that are looked at for one call, and for all calls of a module. */
const MAX_STEPS = 2_000;
const MAX_ALL_STEPS = 1_000_000;

/** What is left of the steps, over all modules that an expression leads to. */
interface Budget {
  steps: number;
  allSteps: number;
}

/**
 * Follows an expression to the texts that it may be: literals, constants, branches, tables, f-strings, defaults, also in other modules
 * of the repository. Nothing is run. A value that cannot be followed to its end is `unknown`, never left out.
 */
export class StaticEvaluator {
  readonly #module: PythonModule;
  readonly #repository: PythonRepository;
  readonly #others: Map<string, StaticEvaluator>;
  readonly #budget: Budget;

  constructor(
    module: PythonModule,
    repository: PythonRepository,
    others = new Map<string, StaticEvaluator>(),
    budget: Budget = { steps: 0, allSteps: 0 },
  ) {
    this.#module = module;
    this.#repository = repository;
    this.#others = others;
    this.#budget = budget;
  }

  valuesOf(node: SyntaxNode): readonly StaticValue[] {
    this.#budget.steps = 0;
    return this.#values(node, 0);
  }

  #values(node: SyntaxNode, depth: number): readonly StaticValue[] {
    if (this.#isOver(depth)) return [TOO_MANY_STEPS];
    const next = depth + 1;
    switch (node.name) {
      case 'String':
        return [this.#literal(node)];
      case 'ContinuedString':
        return this.#joined(children(node), next);
      case 'FormatString':
        return this.#format(node, next);
      case 'None':
        return [{ kind: 'none' }];
      case 'Boolean':
        return [{ kind: 'truth', truth: this.#module.textOf(node) === 'True' }];
      case 'Number':
        return [{ kind: 'object' }];
      case 'ParenthesizedExpression':
        return node.firstChild?.nextSibling == null
          ? [unknown('is not read')]
          : this.#values(node.firstChild.nextSibling, next);
      case 'ConditionalExpression': {
        const [first, , other] = children(node).filter(({ name }) => name !== 'if' && name !== 'else');
        return first === undefined || other === undefined
          ? [unknown('is not read')]
          : boundedValues([...this.#values(first, next), ...this.#values(other, next)]);
      }
      case 'BinaryExpression':
        return this.#binary(node, next);
      case 'VariableName':
        return this.#name(node, next);
      case 'MemberExpression':
        return this.#member(node, next);
      case 'DictionaryExpression':
        return [this.#table(node, next)];
      case 'ArrayExpression':
      case 'TupleExpression':
      case 'SetExpression':
        return [{ kind: 'list', items: items(node).map((item) => this.#values(item, next)) }];
      case 'NamedExpression':
        return node.lastChild === null ? [unknown('is not read')] : this.#values(node.lastChild, next);
      case 'CallExpression':
        return this.#call(node, next);
      default:
        return [unknown('is computed')];
    }
  }

  #isOver(depth: number): boolean {
    const { steps, allSteps } = this.#budget;
    this.#budget.steps++;
    this.#budget.allSteps++;
    return depth > MAX_DEPTH || steps >= MAX_STEPS || allSteps >= MAX_ALL_STEPS;
  }

  #literal(node: SyntaxNode): StaticValue {
    const parts = literalParts(this.#module.textOf(node));
    if (parts === undefined) return unknown('is not closed');
    return textValue(unescaped(parts.body, parts.prefix.includes('r')));
  }

  #joined(nodes: readonly SyntaxNode[], depth: number): readonly StaticValue[] {
    return nodes.map((node) => this.#values(node, depth)).reduce<readonly StaticValue[]>(concatenated, [textValue('')]);
  }

  /** `f"owner/{NAME}"`. */
  #format(node: SyntaxNode, depth: number): readonly StaticValue[] {
    const source = this.#module.textOf(node);
    const parts = literalParts(source);
    if (parts === undefined) return [unknown('is not closed')];
    const raw = parts.prefix.includes('r');
    const start = node.from + source.indexOf(parts.body, parts.prefix.length + 1);
    let at = start;
    let all: readonly StaticValue[] = [textValue('')];
    const plain = (to: number) =>
      textValue(unescaped(this.#module.source.slice(at, to), raw).replaceAll('{{', '{').replaceAll('}}', '}'));
    for (const hole of node.getChildren('FormatReplacement')) {
      all = concatenated(all, [plain(hole.from)]);
      const inner = hole.firstChild?.nextSibling ?? null;
      const simple = inner !== null && inner.nextSibling?.name === '}';
      all = concatenated(all, simple ? this.#values(inner, depth) : [unknown('is formatted')]);
      at = hole.to;
    }
    return concatenated(all, [plain(start + parts.body.length)]);
  }

  #binary(node: SyntaxNode, depth: number): readonly StaticValue[] {
    const [left, mark, right] = children(node);
    if (left === undefined || mark === undefined || right === undefined) return [unknown('is not read')];
    const operator = this.#module.textOf(mark);
    // `a or b`: either may be it.
    if (operator === 'or') {
      const first = this.#values(left, depth).filter(({ kind }) => kind !== 'none');
      return boundedValues([...first, ...this.#values(right, depth)]);
    }
    if (operator === '+') return concatenated(this.#values(left, depth), this.#values(right, depth));
    return [unknown('is computed')];
  }

  #name(node: SyntaxNode, depth: number): readonly StaticValue[] {
    const name = this.#module.textOf(node);
    const bindings = this.#module.bindingsOf(name, node);
    if (bindings === undefined) return this.#elsewhere([name], depth) ?? [this.#notHere(name)];
    // `model = load(model)`: the argument is the earlier value of the name.
    const within = (binding: NameBinding) =>
      binding.kind === 'value' && binding.node.from <= node.from && node.to <= binding.node.to;
    const before = bindings.filter((binding) => !within(binding));
    if (before.length === 0) return [unknown(`${name} is set elsewhere`)];
    const bound = this.#bound(name, before, depth);
    // `try: from config import NAME`, `except ImportError: NAME = "..."`: either may be it.
    const isGlobal = this.#module.globals().get(name) === bindings;
    if (!isGlobal || !this.#module.imported.has(name)) return bound;
    return boundedValues([...bound, ...(this.#elsewhere([name], depth) ?? [this.#notHere(name)])]);
  }

  #notHere(name: string): StaticValue {
    const from = this.#module.imports.get(name);
    return unknown(from === undefined ? `${name} is not set here` : `${name} comes from ${from}`);
  }

  /** What a name of the module, with names within it, is in the modules that it was imported from; `undefined` when those are none. */
  #elsewhere(names: readonly string[], depth: number): readonly StaticValue[] | undefined {
    const [first = '', ...rest] = names;
    const imported = this.#module.imported.get(first);
    if (imported === undefined) return this.#starred(names, depth);
    const all = imported.map((one) => this.#imported(one, rest, depth));
    if (all.every((one) => one === undefined)) return undefined;
    return boundedValues(all.flatMap((one) => one ?? [this.#notHere(first)]));
  }

  #imported({ module, name }: Imported, rest: readonly string[], depth: number): readonly StaticValue[] | undefined {
    if (this.#isOver(depth)) return [TOO_MANY_STEPS];
    const names = name === null ? rest : [name, ...rest];
    const [first] = names;
    if (first === undefined) return [unknown('is a module')];
    const own = this.#readModules(module).map((one) =>
      one instanceof StaticEvaluator ? one.#exported(names, depth + 1) : [one],
    );
    // `from package import module` and `package.module.NAME`.
    const inner = module.endsWith('.') ? `${module}${first}` : `${module}.${first}`;
    const within =
      names.length < 2 ? undefined : this.#imported({ module: inner, name: null }, names.slice(1), depth + 1);
    const found = [...own, within].filter((values) => values !== undefined);
    return found.length === 0 ? undefined : boundedValues(found.flat());
  }

  /** `from config import *`. */
  #starred(names: readonly string[], depth: number): readonly StaticValue[] | undefined {
    if (this.#isOver(depth)) return [TOO_MANY_STEPS];
    const found = this.#module.stars
      .flatMap((module) => this.#readModules(module))
      .map((one) => (one instanceof StaticEvaluator ? one.#exported(names, depth + 1) : [one]))
      .filter((values) => values !== undefined);
    return found.length === 0 ? undefined : boundedValues(found.flat());
  }

  /** Names of the module as another one sees them; `undefined` when it has none of them. */
  #exported(names: readonly string[], depth: number): readonly StaticValue[] | undefined {
    if (this.#isOver(depth)) return [TOO_MANY_STEPS];
    const [first = '', ...rest] = names;
    if (rest.length > 0) return this.#path(names, depth) ?? this.#elsewhere(names, depth);
    const bindings = this.#module.globals().get(first);
    const other = this.#elsewhere(names, depth);
    if (bindings === undefined) return other;
    return boundedValues([...this.#bound(first, bindings, depth), ...(other ?? [])]);
  }

  /** `Config.model`, and `settings.model` after `settings = Config()`: what it was made with may be another. */
  #path(names: readonly string[], depth: number): readonly StaticValue[] | undefined {
    const path = names.join('.');
    const known = this.#module.attribute(path);
    if (known !== undefined) return this.#bound(path, known, depth);
    const [first = '', name, ...rest] = names;
    if (name === undefined || rest.length > 0) return undefined;
    const made = (this.#module.globals().get(first) ?? []).flatMap((binding) => {
      const called =
        binding.kind === 'value' && binding.node.name === 'CallExpression' ? binding.node.firstChild : null;
      return called === null ? [] : (this.#module.attribute(`${this.#module.textOf(called)}.${name}`) ?? []);
    });
    if (made.length === 0) return undefined;
    const values = this.#bound(path, made, depth).filter(({ kind }) => kind === 'text');
    return boundedValues([...values, unknown(`${path.slice(0, 80)} may be set when it is made`)]);
  }

  /** The modules that a name may mean; one that was not read is a value that is not known. */
  #readModules(module: string): readonly (StaticEvaluator | StaticValue)[] {
    return this.#repository.pathsOf(module, this.#module.path).map((path) => {
      if (path === this.#module.path) return this;
      const known = this.#others.get(path);
      if (known !== undefined) return known;
      const parsed = this.#repository.module(path);
      if (parsed === undefined) return unknown(`is set in ${path.slice(0, 200)}, which was not read`);
      const other = new StaticEvaluator(parsed, this.#repository, this.#others, this.#budget);
      this.#others.set(path, other);
      return other;
    });
  }

  #bound(name: string, bindings: readonly NameBinding[], depth: number): readonly StaticValue[] {
    if (bindings.length > MAX_VALUES) return [unknown(`${name} is set in too many places`)];
    return boundedValues(bindings.flatMap((binding) => this.#boundTo(name, binding, depth)));
  }

  #boundTo(name: string, binding: NameBinding, depth: number): readonly StaticValue[] {
    switch (binding.kind) {
      case 'value':
        return this.#values(binding.node, depth);
      case 'item':
        return this.#itemsOf(binding.of, depth);
      case 'part':
        return this.#values(binding.of, depth).flatMap((value) =>
          value.kind === 'list'
            ? (value.items[binding.index] ?? [unknown('is missing')])
            : [unknown('is one of several')],
        );
      case 'parameter':
        return this.#parameter(name, binding.fallback, depth);
      case 'other':
        return [unknown(`${name} ${binding.why}`)];
    }
  }

  /** A default that names something is what most callers get; another may be given. */
  #parameter(name: string, fallback: SyntaxNode | undefined, depth: number): readonly StaticValue[] {
    const given = unknown(`${name} is a parameter`);
    if (fallback === undefined) return [given];
    const known = this.#values(fallback, depth).filter(({ kind }) => kind === 'text');
    return [...known, given];
  }

  #itemsOf(node: SyntaxNode, depth: number): readonly StaticValue[] {
    const all = this.#values(node, depth).flatMap((value): readonly StaticValue[] => {
      if (value.kind === 'list') return value.items.flat();
      if (value.kind === 'table') return [...value.entries.keys()].map((key) => textValue(key));
      return [unknown('is an item of what is computed')];
    });
    return boundedValues(all);
  }

  #member(node: SyntaxNode, depth: number): readonly StaticValue[] {
    const parts = children(node);
    const [object, mark, key] = parts;
    if (object === undefined || mark === undefined || key === undefined) return [unknown('is not read')];
    if (this.#module.textOf(mark) === '[') return this.#item(object, key, depth);
    const path = this.#module.textOf(node);
    const known = this.#module.attribute(path) ?? this.#module.attribute(path.replace(/^cls\./, 'self.'));
    if (known !== undefined) return this.#bound(path, known, depth);
    const names = /^\w+(?:\.\w+){1,8}$/.test(path) ? path.split('.') : undefined;
    const found = names === undefined ? undefined : (this.#path(names, depth) ?? this.#elsewhere(names, depth));
    if (found !== undefined) return found;
    const options = this.#module.option(this.#module.textOf(key));
    if (options === undefined) return [unknown(`${path.slice(0, 80)} is set elsewhere`)];
    const given = options.flatMap((option) => this.#values(option, depth)).filter(({ kind }) => kind === 'text');
    return boundedValues([...given, unknown(`--${this.#module.textOf(key)} may be given`)]);
  }

  #item(object: SyntaxNode, key: SyntaxNode, depth: number): readonly StaticValue[] {
    const keys = this.#values(key, depth);
    const all = this.#values(object, depth).flatMap((value): readonly StaticValue[] => {
      if (value.kind === 'list') {
        const index = Number(this.#module.textOf(key));
        return Number.isInteger(index) ? (value.items.at(index) ?? [unknown('is missing')]) : value.items.flat();
      }
      if (value.kind !== 'table') return [unknown('is an item of what is computed')];
      const every = [...value.entries.values()].flat();
      const rest = value.whole ? [] : [unknown('is an item of what is computed')];
      return keys.flatMap((one) => (one.kind === 'text' ? (value.entries.get(one.text) ?? rest) : [...every, ...rest]));
    });
    return boundedValues(all.length === 0 ? [unknown('is missing')] : all);
  }

  #table(node: SyntaxNode, depth: number): StaticValue {
    const entries = new Map<string, readonly StaticValue[]>();
    let whole = true;
    const parts = children(node);
    for (const [index, part] of parts.entries()) {
      if (part.name === '**') whole = false;
      if (part.name !== ':') continue;
      const [key, value] = [parts[index - 1], parts[index + 1]];
      const [name] = key === undefined ? [] : this.#values(key, depth);
      if (name?.kind === 'text' && value !== undefined) entries.set(name.text, this.#values(value, depth));
      else whole = false;
    }
    return { kind: 'table', entries, whole };
  }

  /** Calls that only choose, or change how a text is written. */
  #call(node: SyntaxNode, depth: number): readonly StaticValue[] {
    const called = node.firstChild;
    const list = node.getChild('ArgList');
    if (called === null || list === null) return [unknown('is computed')];
    const name = this.#module.textOf(called);
    const args = items(list);
    const [first, second] = args;
    if (/^(?:str|Path|pathlib\.Path|os\.fspath)$/.test(name) && first !== undefined) return this.#values(first, depth);
    if (/^os\.(?:getenv|environ\.get)$/.test(name)) {
      const known = second === undefined ? [] : this.#values(second, depth).filter(({ kind }) => kind === 'text');
      return [...known, unknown('is a variable of the environment')];
    }
    if (name.endsWith('.get') && called.firstChild !== null && first !== undefined) {
      const known = second === undefined ? [] : this.#values(second, depth).filter(({ kind }) => kind === 'text');
      return boundedValues([...this.#item(called.firstChild, first, depth), ...known]);
    }
    if (loaderOf(node, this.#module) !== undefined) return [{ kind: 'object' }];
    return [unknown('is computed by a call')];
  }
}

function concatenated(left: readonly StaticValue[], right: readonly StaticValue[]): readonly StaticValue[] {
  return boundedValues(
    left.flatMap((a) =>
      right.map((b): StaticValue => {
        if (a.kind === 'text' && b.kind === 'text') return textValue(a.text + b.text);
        if (a.kind === 'unknown') return a;
        return b.kind === 'unknown' ? b : unknown('is computed');
      }),
    ),
  );
}

function children(node: SyntaxNode): SyntaxNode[] {
  const all: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling)
    if (child.name !== 'Comment') all.push(child);
  return all;
}

/** What stands between the commas of a list; of `name=value`, the value is left out. */
function items(node: SyntaxNode): SyntaxNode[] {
  const all = children(node);
  return all.filter(({ name }, index) => {
    if (/^[[\](){},]$|^(?:AssignOp|\*{1,2})$/.test(name)) return false;
    return all[index + 1]?.name !== 'AssignOp' && all[index - 1]?.name !== 'AssignOp';
  });
}
