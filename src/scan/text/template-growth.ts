import { type Expression, partsOf, type Template } from '../../formats/jinja/index.ts';
import { callsItself, doubles, repeatsMoreThan, type TemplateReason } from './template-reasons.ts';

type TemplateStatement = Template['statements'][number];

/** Statements that double a name outside of loops: each makes the text twice as long. */
const MAX_DOUBLINGS = 8;

interface Call {
  readonly from: string;
  readonly to: string;
  /** One of its arguments is a part of an argument of the macro around it. */
  readonly descends: boolean;
}

/**
 * What in a template makes its work or its output grow without bound, whatever the conversation is: loops within loops over ranges, macros that call
 * themselves with nothing smaller, and texts that are joined with themselves again and again.
 * @param maxRange repetitions that no conversation needs
 */
export function growthReasons(template: Template, maxRange: number): TemplateReason[] {
  return new Growth(template, maxRange).reasons();
}

class Growth {
  readonly #template: Template;
  readonly #maxRange: number;
  readonly #reasons: TemplateReason[] = [];
  readonly #macros: ReadonlySet<string>;
  readonly #calls: Call[] = [];
  readonly #doublings = new Map<string, number>();
  /** Repetitions of the loops that are open. */
  readonly #loops: number[] = [];
  #macro: string | undefined;
  /** Parameters of the open macro, and names of their parts. */
  readonly #parts = new Set<string>();

  constructor(template: Template, maxRange: number) {
    this.#template = template;
    this.#maxRange = maxRange;
    this.#macros = new Set(
      template.statements.flatMap(({ tag, bindings }) => (tag === 'macro' ? (bindings[0]?.name ?? []) : [])),
    );
  }

  reasons(): TemplateReason[] {
    for (const statement of this.#template.statements) this.#look(statement);
    for (const name of this.#endless()) this.#reasons.push(callsItself(name));
    for (const [name, count] of this.#doublings) if (count > MAX_DOUBLINGS) this.#reasons.push(doubles(name));
    return this.#reasons;
  }

  #look(statement: TemplateStatement): void {
    const { tag, expressions, bindings } = statement;
    if (tag === 'macro') {
      this.#macro = bindings[0]?.name;
      this.#parts.clear();
      for (const { name } of bindings.slice(1)) this.#parts.add(name);
    } else if (tag === 'endmacro') this.#macro = undefined;
    else if (tag === 'for') this.#open(statement);
    else if (tag === 'endfor') this.#loops.pop();
    else if (tag === 'set') for (const binding of bindings) this.#assign(binding.name, binding.value);
    for (const expression of expressions) this.#findCalls(expression);
  }

  #open({ expressions, bindings }: TemplateStatement): void {
    const [over] = expressions;
    this.#loops.push(over === undefined ? 1 : repetitions(over));
    if (this.#loops.reduce((all, one) => all * one, 1) > this.#maxRange)
      this.#reasons.push(repeatsMoreThan(this.#maxRange));
    if (over !== undefined && this.#isPart(over)) for (const { name } of bindings) this.#parts.add(name);
  }

  #assign(name: string, value: Expression | undefined): void {
    if (value === undefined) return;
    if (this.#isPart(value) && value.kind !== 'name') this.#parts.add(name);
    if (joinedUses(value, name) < 2) return;
    // A plain name is another one in each round of a loop.
    if (name.includes('.') && this.#loops.length > 0) this.#reasons.push(doubles(name));
    this.#doublings.set(name, (this.#doublings.get(name) ?? 0) + 1);
  }

  #findCalls(root: Expression): void {
    if (this.#macro === undefined) return;
    const open: Expression[] = [root];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      open.push(...partsOf(one));
      if (one.kind !== 'call' || one.of.kind !== 'name' || !this.#macros.has(one.of.name)) continue;
      const descends = one.arguments.some(({ value }) => this.#isSmaller(value));
      this.#calls.push({ from: this.#macro, to: one.of.name, descends });
    }
  }

  /** A part of a parameter, or a name of one that a loop or an assignment gave it. */
  #isSmaller(value: Expression): boolean {
    return value.kind === 'name' ? this.#parts.has(value.name) && !this.#isParameter(value.name) : this.#isPart(value);
  }

  #isParameter(name: string): boolean {
    const own = this.#template.statements.find(
      ({ tag, bindings }) => tag === 'macro' && bindings[0]?.name === this.#macro,
    );
    return own?.bindings.slice(1).some((binding) => binding.name === name) ?? false;
  }

  /** Whether a value is read out of a parameter: by attributes, items, methods and filters. */
  #isPart(value: Expression): boolean {
    let one: Expression | undefined = value;
    for (let depth = 0; one !== undefined && depth < 100; depth++) {
      if (one.kind === 'name') return this.#parts.has(one.name);
      if (one.kind === 'attribute' || one.kind === 'item' || one.kind === 'call' || one.kind === 'filter') one = one.of;
      else return false;
    }
    return false;
  }

  /** Macros of a circle of calls in which some call hands on nothing smaller. */
  #endless(): Set<string> {
    const reach = new Map<string, Set<string>>();
    for (const { from, to } of this.#calls) reach.set(from, (reach.get(from) ?? new Set()).add(to));
    const leadsTo = (start: string, goal: string): boolean => {
      const seen = new Set<string>();
      const open = [start];
      for (let one = open.pop(); one !== undefined; one = open.pop()) {
        if (one === goal) return true;
        if (seen.has(one)) continue;
        seen.add(one);
        open.push(...(reach.get(one) ?? []));
      }
      return false;
    };
    const endless = new Set<string>();
    for (const { from, to, descends } of this.#calls) {
      if (!descends && !endless.has(from) && leadsTo(to, from)) endless.add(from);
    }
    return endless;
  }
}

/** How often a loop over a value runs at least: the largest number of a range. */
function repetitions(over: Expression): number {
  if (over.kind !== 'call' || over.of.kind !== 'name' || over.of.name !== 'range') return 1;
  return Math.max(1, ...over.arguments.map(({ value }) => (value.kind === 'number' ? value.value : 1)));
}

/** How often an expression joins a name, or `name.attribute`, with something. */
function joinedUses(root: Expression, name: string): number {
  let uses = 0;
  const open: { readonly one: Expression; readonly joins: boolean }[] = [{ one: root, joins: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { one, joins } = next;
    if (joins && pathOf(one) === name) uses++;
    const inside =
      joins ||
      one.kind === 'collection' ||
      (one.kind === 'operation' && (one.operator === '~' || one.operator === '+'));
    // What is read out of a value is not the value.
    if (one.kind === 'attribute' || one.kind === 'item' || one.kind === 'test') continue;
    if (one.kind === 'operation' && !['~', '+', 'if'].includes(one.operator)) continue;
    const parts =
      one.kind === 'operation' && one.operator === 'if' ? one.parts.filter((_, i) => i !== 1) : partsOf(one);
    for (const part of parts) open.push({ one: part, joins: inside });
  }
  return uses;
}

function pathOf(one: Expression): string | undefined {
  if (one.kind === 'name') return one.name;
  return one.kind === 'attribute' && one.of.kind === 'name' ? `${one.of.name}.${one.name}` : undefined;
}
