import { closest } from '../core/index.ts';
import {
  type ExpressionText,
  type MatchDocument,
  type PolicyDocument,
  RULE_ACTIONS,
  type RuleAction,
  type RuleDocument,
  type VariableDocument,
} from './document.ts';
import type { PolicyProblem, Position } from './problem.ts';
import { type Entry, YamlSource } from './yaml-source.ts';

/** CWE-770: a policy that people maintain is smaller. */
const MAX_RULES = 100;
const MAX_VARIABLES = 64;
const MAX_WORDS = 200;

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;
const ID = /^[a-z0-9][a-z0-9._-]{0,99}$/;
/** Names of rules that the engine itself reports. */
const OWN_IDS = /^(?:unavailable|policy\.match|fail-on\..*)$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const OWASP = /^ML(?:0[1-9]|10):2023$/;
const SOURCES: readonly string[] = ['path', 'hf', 'https', 's3', 'oci', 'models'];

export interface ReadPolicy {
  /** As much of it as can be read, when there are problems. */
  readonly document: PolicyDocument | undefined;
  readonly problems: readonly PolicyProblem[];
}

/** The policy in a YAML file, and its faults. Expressions are not parsed. */
export function readPolicyDocument(bytes: Uint8Array): ReadPolicy {
  const source = new YamlSource(bytes, 'failsafe');
  const document = source.problems.length === 0 ? new PolicyReader(source).read() : undefined;
  return { document, problems: source.problems };
}

class PolicyReader {
  readonly #source: YamlSource;

  constructor(source: YamlSource) {
    this.#source = source;
  }

  read(): PolicyDocument | undefined {
    const root = this.#source.mapping(this.#source.root, 'a policy', ['apiVersion', 'kind', 'metadata', 'spec']);
    if (root === undefined) return undefined;
    this.#constant(root, 'apiVersion', 'assay.dev/v1');
    this.#constant(root, 'kind', 'ModelPolicy');
    const metadata = this.#inner(root, 'metadata', ['name', 'description']);
    const spec = this.#inner(root, 'spec', ['match', 'variables', 'validations']);
    if (metadata === undefined || spec === undefined) return undefined;
    const name = this.#required(metadata, 'name', 'metadata');
    const description = metadata.get('description');
    const rules = this.#rules(spec);
    return {
      name: (name && this.#shaped(name, NAME, 'lower-case letters, digits, points and dashes')) ?? '',
      description: (description && this.#source.text(description)) ?? '',
      match: this.#match(spec),
      variables: this.#variables(spec),
      rules,
    };
  }

  #constant(root: ReadonlyMap<string, Entry>, key: string, value: string): void {
    const entry = this.#required(root, key, 'a policy');
    if (entry === undefined || this.#source.text(entry) === value) return;
    this.#source.report(entry.at, `${key} is not ${value}`, `write ${key}: ${value}`);
  }

  #inner(
    root: ReadonlyMap<string, Entry>,
    key: string,
    known: readonly string[],
  ): ReadonlyMap<string, Entry> | undefined {
    const entry = this.#required(root, key, 'a policy');
    return entry && this.#source.mapping(entry.value, key, known, entry.at);
  }

  #required(entries: ReadonlyMap<string, Entry>, key: string, what: string, at?: Position): Entry | undefined {
    return (
      entries.get(key) ?? this.#source.report(at ?? this.#source.positionOf(this.#source.root), `${what} lacks ${key}`)
    );
  }

  /** Text of a known shape; the text is returned in every case, so that further faults are found. */
  #shaped(entry: Entry, shape: RegExp, hint: string): string | undefined {
    const text = this.#source.text(entry);
    if (text !== undefined && !shape.test(text))
      this.#source.report(
        entry.at,
        `${text} is not ${/^[aeiou]/.test(entry.key) ? 'an' : 'a'} ${entry.key}`,
        `use ${hint}`,
      );
    return text;
  }

  #match(spec: ReadonlyMap<string, Entry>): MatchDocument {
    const entry = spec.get('match');
    const match =
      entry && this.#source.mapping(entry.value, 'match', ['stages', 'formats', 'sources', 'expression'], entry.at);
    if (match === undefined) return {};
    const stages = this.#words(match.get('stages'));
    const formats = this.#words(match.get('formats'));
    const sources = this.#words(match.get('sources'), SOURCES);
    const expression = match.get('expression');
    const text = expression && this.#expression(expression);
    const formatsAt = match.get('formats')?.at;
    return {
      ...(stages === undefined ? {} : { stages }),
      ...(formats === undefined ? {} : { formats }),
      ...(formatsAt === undefined ? {} : { formatsAt }),
      ...(sources === undefined ? {} : { sources }),
      ...(text === undefined ? {} : { expression: text }),
    };
  }

  #words(entry: Entry | undefined, known?: readonly string[]): readonly string[] | undefined {
    if (entry === undefined) return undefined;
    const words: string[] = [];
    for (const node of this.#source.list(entry, MAX_WORDS)) {
      const word = this.#source.textOf(node, `an item of ${entry.key}`);
      if (word === undefined) continue;
      if (known !== undefined && !known.includes(word)) {
        this.#source.report(
          this.#source.positionOf(node),
          `${word} is not one of ${entry.key}`,
          `use one of ${known.join(', ')}`,
        );
      }
      words.push(word);
    }
    if (words.length === 0)
      this.#source.report(
        entry.at,
        `${entry.key} is empty, so the policy matches no artifact`,
        'remove it to match all artifacts',
      );
    return words;
  }

  #variables(spec: ReadonlyMap<string, Entry>): readonly VariableDocument[] {
    const variables: VariableDocument[] = [];
    const seen = new Set<string>();
    for (const node of this.#source.list(spec.get('variables'), MAX_VARIABLES)) {
      const at = this.#source.positionOf(node);
      const fields = this.#source.mapping(node, 'a variable', ['name', 'expression']);
      if (fields === undefined) continue;
      const named = this.#required(fields, 'name', 'a variable', at);
      const written = this.#required(fields, 'expression', 'a variable', at);
      const name = named && this.#shaped(named, VARIABLE, 'letters, digits and _');
      const expression = written && this.#expression(written);
      if (name === undefined || expression === undefined) continue;
      this.#unique(seen, name, named?.at ?? at, 'variable');
      variables.push({ name, at, expression });
    }
    return variables;
  }

  #unique(seen: Set<string>, name: string, at: Position, what: string): void {
    if (seen.has(name)) this.#source.report(at, `the ${what} ${name} is defined twice`, 'rename one');
    seen.add(name);
  }

  #rules(spec: ReadonlyMap<string, Entry>): readonly RuleDocument[] {
    const entry = this.#required(spec, 'validations', 'spec');
    const seen = new Set<string>();
    const rules = this.#source.list(entry, MAX_RULES).flatMap((node) => this.#rule(node, seen) ?? []);
    if (entry !== undefined && rules.length === 0 && this.#source.problems.length === 0) {
      this.#source.report(entry.at, 'a policy without validations would allow everything', 'write at least one');
    }
    return rules;
  }

  #rule(node: unknown, seen: Set<string>): RuleDocument | undefined {
    const at = this.#source.positionOf(node);
    const what = 'a validation';
    const known = ['id', 'expression', 'when', 'message', 'messageExpression', 'findings', 'action', 'owasp'];
    const fields = this.#source.mapping(node, what, known);
    if (fields === undefined) return undefined;
    const named = this.#required(fields, 'id', what, at);
    const written = this.#required(fields, 'expression', what, at);
    const id = named && this.#shaped(named, ID, 'lower-case letters, digits, points, dashes and _');
    const expression = written && this.#expression(written);
    const message = this.#message(fields, at);
    const action = this.#action(fields.get('action'));
    const owasp = this.#owasp(fields.get('owasp'));
    const when = this.#optionalExpression(fields, 'when');
    const findings = this.#optionalExpression(fields, 'findings');
    if (id === undefined || expression === undefined || message === undefined) return undefined;
    if (OWN_IDS.test(id))
      this.#source.report(named?.at ?? at, `${id} is a rule of the policy engine itself`, 'use another id');
    this.#unique(seen, id, named?.at ?? at, 'rule');
    return { id, at, expression, ...when, message, ...findings, action, owasp };
  }

  #optionalExpression<K extends 'when' | 'findings'>(
    fields: ReadonlyMap<string, Entry>,
    key: K,
  ): { [P in K]?: ExpressionText } {
    const entry = fields.get(key);
    const expression = entry && this.#expression(entry);
    const made: { [P in K]?: ExpressionText } = {};
    if (expression !== undefined) made[key] = expression;
    return made;
  }

  #message(fields: ReadonlyMap<string, Entry>, at: Position): string | ExpressionText | undefined {
    const plain = fields.get('message');
    const computed = fields.get('messageExpression');
    if (plain !== undefined && computed !== undefined) {
      return this.#source.report(computed.at, 'a validation has both message and messageExpression', 'keep one');
    }
    if (plain !== undefined) return this.#source.text(plain);
    if (computed !== undefined) return this.#expression(computed);
    return this.#source.report(at, 'a validation lacks a message', 'write a message that describes the problem');
  }

  #action(entry: Entry | undefined): RuleAction {
    if (entry === undefined) return 'deny';
    const text = this.#source.text(entry);
    const action = RULE_ACTIONS.find((known) => known === text);
    if (action !== undefined || text === undefined) return action ?? 'deny';
    const [near] = closest(text, RULE_ACTIONS);
    const hint = near === undefined ? `use one of ${RULE_ACTIONS.join(', ')}` : `did you mean ${near}?`;
    return this.#source.report(entry.at, `${text} is not an action`, hint) ?? 'deny';
  }

  #owasp(entry: Entry | undefined): readonly string[] {
    const ids: string[] = [];
    for (const node of this.#source.list(entry, MAX_WORDS)) {
      const id = this.#source.textOf(node, 'an item of owasp');
      if (id === undefined) continue;
      if (!OWASP.test(id))
        this.#source.report(this.#source.positionOf(node), `${id} is not a risk`, 'write ML01:2023 to ML10:2023');
      ids.push(id);
    }
    return ids;
  }

  #expression(entry: Entry): ExpressionText | undefined {
    const text = this.#source.text(entry);
    if (text === undefined) return undefined;
    const locate = this.#source.locator(entry.value);
    return { text, at: locate(0), locate };
  }
}
