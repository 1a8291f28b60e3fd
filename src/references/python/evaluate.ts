import type { SyntaxNode } from '@lezer/common';
import type { NameBinding, PythonModule } from './module.ts';
import { boundedValues, literalParts, MAX_VALUES, type StaticValue, textValue, unescaped, unknown } from './values.ts';

/** Steps from a name to what it is bound to. Hostile code nests deeper. */
const MAX_DEPTH = 24;
/** Expressions that are looked at for one call, and for all calls of a module. */
const MAX_STEPS = 2_000;
const MAX_ALL_STEPS = 1_000_000;

/**
 * Follows an expression to the texts that it may be: literals, constants, branches, tables, f-strings, defaults. Nothing is run.
 * What is not followed to its end is `unknown` among the values, never left out.
 */
export class StaticEvaluator {
  readonly #module: PythonModule;
  readonly #isLoader: (call: SyntaxNode) => boolean;
  #steps = 0;
  #allSteps = 0;

  constructor(module: PythonModule, isLoader: (call: SyntaxNode) => boolean) {
    this.#module = module;
    this.#isLoader = isLoader;
  }

  valuesOf(node: SyntaxNode): readonly StaticValue[] {
    this.#steps = 0;
    return this.#values(node, 0);
  }

  #values(node: SyntaxNode, depth: number): readonly StaticValue[] {
    const over = depth > MAX_DEPTH || ++this.#steps > MAX_STEPS || ++this.#allSteps > MAX_ALL_STEPS;
    if (over) return [unknown('is computed in too many steps')];
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
    if (bindings === undefined) {
      const from = this.#module.imports.get(name);
      return [unknown(from === undefined ? `${name} is not set here` : `${name} comes from ${from}`)];
    }
    // `model = load(model)`: what is handed on is what the name was before.
    const within = (binding: NameBinding) =>
      binding.kind === 'value' && binding.node.from <= node.from && node.to <= binding.node.to;
    const before = bindings.filter((binding) => !within(binding));
    if (before.length === 0) return [unknown(`${name} is set elsewhere`)];
    return this.#bound(name, before, depth);
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
    if (this.#isLoader(node)) return [{ kind: 'object' }];
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
