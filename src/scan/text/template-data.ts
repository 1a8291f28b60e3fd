import { type Expression, partsOf, type Template } from '../../formats/jinja/index.ts';
import { LEADS_TO_GLOBALS, PLAIN_FUNCTIONS } from './template-names.ts';

/** Filters and methods that give the same value, its entries or its parts. */
const SAME_FILTERS: ReadonlySet<string> = new Set(['items', 'list', 'dictsort', 'sort', 'reverse', 'first', 'last']);
const SAME_METHODS: ReadonlySet<string> = new Set(['items', 'keys', 'values']);
const MAX_DEPTH = 50;

/** A binding of a name, with the value that it comes from; undefined: from more than a value. */
interface Source {
  readonly how: 'value' | 'item';
  readonly from: Expression | undefined;
}

/** Names of a template that hold what the caller hands over, or a part of it, and never a text or a list of the template itself. */
export class DataNames {
  readonly #sources = new Map<string, Source[]>();
  readonly #data: Set<string>;

  constructor(template: Template) {
    for (const { bindings, tag } of template.statements) {
      for (const { name, how, value } of tag === 'macro' ? [] : bindings)
        this.#add(name.split('.')[0] ?? name, { how: how === 'item' ? 'item' : 'value', from: value });
    }
    for (const [macro, parameters] of macrosOf(template)) this.#addCalls(template, macro, parameters);
    // Those that come from something else take others with them, until none goes any more.
    this.#data = new Set(this.#sources.keys());
    for (let before = -1; before !== this.#data.size; ) {
      before = this.#data.size;
      for (const [name, sources] of this.#sources)
        if (!sources.every(({ from }) => from !== undefined && this.#isData(from, 0))) this.#data.delete(name);
    }
  }

  /** Whether `of[key]` reads an entry of a mapping of the caller by one of its own keys: the entry exists, so that no attribute is looked up. */
  readsOwnKey(of: Expression, key: Expression): boolean {
    if (of.kind !== 'name' || key.kind !== 'name' || !this.#isData(of, 0)) return false;
    const sources = this.#sources.get(key.name) ?? [];
    return (
      sources.length > 0 &&
      sources.every(({ how, from }) => how === 'item' && from?.kind === 'name' && from.name === of.name)
    );
  }

  #add(name: string, source: Source): void {
    const known = this.#sources.get(name);
    if (known === undefined) this.#sources.set(name, [source]);
    else known.push(source);
  }

  /** A parameter is what every call of its macro gives for it. */
  #addCalls(template: Template, macro: string, parameters: readonly string[]): void {
    const calls = template.statements.flatMap(({ expressions }) => expressions.flatMap((one) => callsOf(one, macro)));
    for (const [index, name] of parameters.entries()) {
      if (calls.length === 0) this.#add(name, { how: 'value', from: undefined });
      for (const call of calls) {
        const plain = call.arguments.filter((one) => one.name === undefined);
        const spread = call.arguments.some((one) => one.name?.startsWith('*'));
        const given = call.arguments.find((one) => one.name === name) ?? plain[index];
        this.#add(name, { how: 'value', from: spread ? undefined : given?.value });
      }
    }
  }

  #isData(value: Expression, depth: number): boolean {
    if (depth > MAX_DEPTH) return false;
    const inner = (one: Expression) => this.#isData(one, depth + 1);
    switch (value.kind) {
      case 'name':
        if (this.#sources.has(value.name)) return this.#data.has(value.name);
        // Special tokens come with the model.
        return !LEADS_TO_GLOBALS.has(value.name) && !PLAIN_FUNCTIONS.has(value.name) && !/token/i.test(value.name);
      case 'attribute':
      case 'item':
        return inner(value.of);
      // An empty one has no entry that could be read.
      case 'collection':
        return value.parts.length === 0;
      case 'filter':
        return (
          value.of !== undefined && SAME_FILTERS.has(value.name) && value.arguments.length === 0 && inner(value.of)
        );
      case 'call':
        return value.of.kind === 'attribute' && SAME_METHODS.has(value.of.name) && inner(value.of.of);
      case 'operation':
        if (value.operator === 'or') return value.parts.every(inner);
        return (
          value.operator === 'if' && value.parts.length === 3 && value.parts.every((one, i) => i === 1 || inner(one))
        );
      default:
        return false;
    }
  }
}

function macrosOf({ statements }: Template): [string, readonly string[]][] {
  return statements.flatMap(({ tag, bindings }): [string, readonly string[]][] => {
    const [own, ...parameters] = bindings.map(({ name }) => name);
    return tag === 'macro' && own !== undefined ? [[own, parameters]] : [];
  });
}

function callsOf(root: Expression, macro: string): Extract<Expression, { kind: 'call' }>[] {
  const found: Extract<Expression, { kind: 'call' }>[] = [];
  const open: Expression[] = [root];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (one.kind === 'call' && one.of.kind === 'name' && one.of.name === macro) found.push(one);
    open.push(...partsOf(one));
  }
  return found;
}
