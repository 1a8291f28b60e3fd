import { isContentError } from '../../core/index.ts';
import {
  type Applied,
  type Argument,
  type Expression,
  partsOf,
  readTemplate,
  type Template,
} from '../../formats/jinja/index.ts';
import { constantText } from './template-constant.ts';
import { DataNames } from './template-data.ts';
import { growthReasons } from './template-growth.ts';
import {
  INNER_ATTRIBUTES,
  LEADS_TO_GLOBALS,
  PLAIN_FILTERS,
  PLAIN_FUNCTIONS,
  PLAIN_METHODS,
  PLAIN_TAGS,
  PLAIN_TESTS,
  READS_ATTRIBUTE,
} from './template-names.ts';
import { NumericNames } from './template-numbers.ts';
import {
  asksByFilter,
  asksForAttribute,
  COMPUTED_ATTRIBUTE,
  COMPUTED_ITEM,
  FORMATS_TEXT,
  hasName,
  hasText,
  holdsName,
  MAKES_CHARACTERS,
  PUTS_TEXT_TOGETHER,
  repeatsMoreThan,
  short,
  type TemplateReason,
  TemplateReasons,
} from './template-reasons.ts';

/** What a template would do when it is rendered. */
export interface TemplateJudgement {
  /** The template reaches objects behind its values, or reads an attribute whose name it computes. */
  readonly malicious: readonly TemplateReason[];
  readonly suspicious: readonly TemplateReason[];
  /** Why the template is not proved to be plain; empty when it is. */
  readonly unproved: readonly string[];
}

const MAX_DOUBTS = 20;
/** A number of repetitions that no conversation needs. */
const MAX_RANGE = 100_000;
const DUNDER = /__\w*/;
/** A name that a template may give a value, and use: one underscore, as in Python for what is private. `_` alone is Jinja's translator. */
const OWN_NAME = /^_[A-Za-z]\w*$/;

/**
 * Proves that a template only loops over values, compares and prints them; or says why not. Nothing is rendered.
 */
export function judgeTemplate(text: string): TemplateJudgement {
  try {
    return new Judge(readTemplate(text)).judgement();
  } catch (error) {
    if (!isContentError(error)) throw error;
    // A template that cannot be parsed is searched as text, which can only raise the verdict.
    const inner = /\{[{%][^}]{0,2000}(__\w+__|\|\s{0,20}attr\b)/.exec(text)?.[1];
    return {
      malicious: [],
      suspicious: inner === undefined ? [] : [holdsName(inner)],
      unproved: [`could not be read to its end (${error.message})`],
    };
  }
}

class Judge {
  readonly #template: Template;
  readonly #numbers: NumericNames;
  readonly #data: DataNames;
  readonly #macros = new Set<string>();
  readonly #bound = new Set<string>();
  readonly #malicious = new TemplateReasons();
  readonly #suspicious = new TemplateReasons();
  readonly #unproved = new Set<string>();

  constructor(template: Template) {
    this.#template = template;
    this.#numbers = new NumericNames(template);
    this.#data = new DataNames(template);
  }

  judgement(): TemplateJudgement {
    for (const { tag, bindings } of this.#template.statements) {
      const [own, ...parameters] = bindings.map(({ name }) => name);
      if (tag === 'macro' && own !== undefined) this.#macros.add(own);
      for (const name of tag === 'macro' ? parameters : [own ?? '', ...parameters]) this.#bound.add(name);
    }
    for (const { tag, expressions, bindings } of this.#template.statements) {
      if (!PLAIN_TAGS.has(tag)) this.#doubt(`has the statement ${short(tag)}`);
      for (const { name } of bindings) this.#bindsName(name);
      for (const expression of expressions) this.#visit(expression);
    }
    for (const reason of growthReasons(this.#template, MAX_RANGE)) this.#suspicious.add(reason);
    for (const text of this.#template.data) {
      if (/:\/\/|<script|javascript:/i.test(text)) this.#doubt('writes addresses or scripts into its output');
    }
    const unproved = [...this.#unproved].slice(0, MAX_DOUBTS);
    return { malicious: this.#malicious.first(), suspicious: this.#suspicious.first(), unproved };
  }

  #doubt(what: string): void {
    this.#unproved.add(what);
  }

  #bindsName(name: string): void {
    const [first = '', ...fields] = name.split('.');
    if ((first.startsWith('_') && !OWN_NAME.test(first)) || fields.some((part) => part.startsWith('_')))
      this.#doubt(`gives ${short(name)} a value`);
    if (PLAIN_FUNCTIONS.has(name)) this.#doubt(`gives ${short(name)} a new meaning`);
  }

  #visit(root: Expression): void {
    const open: Expression[] = [root];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      this.#look(one);
      open.push(...partsOf(one));
    }
  }

  #look(one: Expression): void {
    if (one.kind === 'name') this.#name(one.name);
    else if (one.kind === 'text') this.#literal(one.text);
    else if (one.kind === 'attribute') this.#attribute(one.name, one.of);
    else if (one.kind === 'item') this.#item(one.key, one.of);
    else if (one.kind === 'call') this.#call(one.of, one.arguments);
    else if (one.kind === 'filter') this.#filter(one);
    else if (one.kind === 'test') {
      if (!PLAIN_TESTS.has(one.name)) this.#doubt(`uses the test ${short(one.name)}`);
    } else if (one.kind === 'operation') this.#operation(one.operator, one.parts);
    else if (one.kind === 'number' && one.value > MAX_RANGE) this.#doubt(`has a number above ${MAX_RANGE}`);
  }

  #operation(operator: string, parts: readonly Expression[]): void {
    if (operator === '%' && parts.some(isText)) this.#suspicious.add(PUTS_TEXT_TOGETHER);
    if (operator === '**' || (operator === '*' && !parts.every((part) => this.#numbers.has(part))))
      this.#doubt('multiplies values that may be text, or computes a power');
  }

  #name(name: string): void {
    if (LEADS_TO_GLOBALS.has(name)) {
      if (this.#bound.has(name)) this.#doubt(`gives ${name} a new meaning`);
      else this.#suspicious.add(hasName(name));
    }
    const own = OWN_NAME.test(name) && this.#bound.has(name);
    if (!/^[A-Za-z]\w*$/.test(name) && !own) this.#doubt(`uses the name ${short(name)}`);
    if (name.startsWith('__')) this.#malicious.add(hasName(name));
  }

  #literal(text: string): void {
    const dunder = /__\w+__/.exec(text)?.[0];
    if (dunder !== undefined) this.#suspicious.add(hasText(dunder));
    if (/%c/.test(text)) this.#suspicious.add(MAKES_CHARACTERS);
  }

  #attribute(name: string, of: Expression): void {
    if (DUNDER.test(name) || (of.kind === 'name' && LEADS_TO_GLOBALS.has(of.name) && !this.#bound.has(of.name)))
      this.#malicious.add(asksForAttribute(name));
    else if (name.startsWith('_') || INNER_ATTRIBUTES.has(name)) this.#suspicious.add(asksForAttribute(name));
    else if (!/^[A-Za-z]\w*$/.test(name)) this.#doubt(`reads the attribute ${short(name)}`);
  }

  /** Jinja looks for an attribute when there is no such item. */
  #item(key: Expression, of: Expression): void {
    if (key.kind === 'slice' || this.#numbers.has(key) || this.#data.readsOwnKey(of, key)) return;
    const text = constantText(key);
    if (text !== undefined) this.#attribute(text.replace(/[\s-]/g, ''), of);
    else if (madeOfText(key)) this.#suspicious.add(COMPUTED_ITEM);
    else this.#doubt('reads an item whose name is not a constant');
  }

  #call(of: Expression, given: readonly Argument[]): void {
    if (given.some(({ name }) => name?.startsWith('*'))) this.#doubt('calls a function with * or ** arguments');
    if (of.kind === 'name') {
      if (of.name === 'range') this.#range(given);
      const known = PLAIN_FUNCTIONS.has(of.name) || this.#macros.has(of.name);
      if (!known || this.#bound.has(of.name)) this.#doubt(`calls ${short(of.name)}`);
    } else if (of.kind !== 'attribute') this.#doubt('calls a value that is not a named function');
    else if (!PLAIN_METHODS.has(of.name)) this.#doubt(`calls the method ${short(of.name)}`);
  }

  #range(given: readonly Argument[]): void {
    for (const { value } of given) {
      if (largest(value) > MAX_RANGE) this.#suspicious.add(repeatsMoreThan(MAX_RANGE));
      else if (!this.#numbers.has(value)) this.#doubt('loops as often as a value says');
    }
  }

  #filter(filter: Applied): void {
    const { name } = filter;
    if (name === 'attr') this.#attr(filter);
    else if (name === 'format') this.#suspicious.add(FORMATS_TEXT);
    else if (!PLAIN_FILTERS.has(name)) this.#doubt(`uses the filter ${short(name)}`);
    if (READS_ATTRIBUTE.has(name)) this.#namedAttributes(filter);
  }

  #attr(filter: Applied): void {
    const text =
      filter.arguments.length === 1 ? filter.arguments.map(({ value }) => constantText(value))[0] : undefined;
    if (text === undefined) this.#malicious.add(COMPUTED_ATTRIBUTE);
    else if (text.includes('_')) this.#malicious.add(asksForAttribute(text));
    else this.#suspicious.add(asksByFilter(text));
  }

  /** `map(attribute='a.b')`, `selectattr('a')`; `map('upper')` names a filter. */
  #namedAttributes(filter: Applied): void {
    for (const [index, { name, value }] of filter.arguments.entries()) {
      const isFilter = filter.name === 'map' && name === undefined && index === 0;
      const names = name === 'attribute' || (name === undefined && index < 2);
      if (!isFilter && !names) continue;
      const text = constantText(value);
      if (text !== undefined && isFilter) this.#filter({ ...filter, name: text, arguments: filter.arguments.slice(1) });
      else if (text?.split('.').some((part) => part.startsWith('_'))) this.#malicious.add(asksForAttribute(text));
      else if (text === undefined && !(name === undefined && index > 0) && filter.name !== 'join')
        this.#doubt(`gives the filter ${filter.name} a name that is not a constant`);
    }
  }
}

function isText({ kind }: Expression): boolean {
  return kind === 'text';
}

function madeOfText(key: Expression): boolean {
  if (key.kind === 'filter') return ['join', 'format', 'replace', 'reverse'].includes(key.name);
  if (key.kind !== 'operation') return key.kind === 'call' && key.of.kind === 'attribute';
  return key.operator === '~' || ((key.operator === '+' || key.operator === '%') && key.parts.some(isText));
}

/** The largest number that stands in an expression; `**` of two makes any. */
function largest(root: Expression): number {
  let most = 0;
  const open: Expression[] = [root];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (one.kind === 'number') most = Math.max(most, one.value);
    if (one.kind === 'operation' && (one.operator === '**' || (one.operator === '*' && one.parts.every(isNumber))))
      most = Number.POSITIVE_INFINITY;
    open.push(...partsOf(one));
  }
  return most;
}

function isNumber({ kind }: Expression): boolean {
  return kind === 'number';
}
