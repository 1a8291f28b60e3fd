import { type Behind, behindOf } from './behind.ts';
import {
  checkExpression,
  childrenOf,
  compileExpression,
  type Evaluator,
  ExpressionError,
  type Node,
  parseExpression,
  present,
  type Type,
  typeNameOf,
  VARIABLES,
} from './cel/index.ts';
import type { ExpressionText, MatchDocument, PolicyDocument, RuleAction, RuleDocument } from './document.ts';
import type { PolicyProblem } from './problem.ts';
import { unavailableIn } from './unavailable.ts';
import { OCCASIONAL, VIEW_TYPES } from './view/index.ts';

/** An expression of a policy, ready to be evaluated. */
export interface CompiledExpression {
  readonly source: ExpressionText;
  readonly node: Node;
  readonly type: Type;
  readonly evaluate: Evaluator;
  /**
   * Two expressions with the same have the same value over the same assessment, whatever their policies; absent where the value
   * also depends on the occasion.
   */
  readonly sharedAs: string | undefined;
}

export interface CompiledRule {
  readonly id: string;
  readonly action: RuleAction;
  readonly owasp: readonly string[];
  readonly document: RuleDocument;
  readonly expression: CompiledExpression;
  readonly when: CompiledExpression | undefined;
  readonly message: string | CompiledExpression;
  readonly findings: CompiledExpression | undefined;
  /** Where `findings` is absent. */
  readonly behind: Behind;
  /** The values that it needs and this version cannot produce. */
  readonly unavailable: readonly string[];
  /** Variables that it uses, those that these use included. */
  readonly uses: ReadonlySet<string>;
}

/** A policy that was read, checked and compiled. */
export interface CompiledPolicy {
  readonly name: string;
  readonly description: string;
  /** `sha256:<hex>` of its bytes. */
  readonly digest: string;
  readonly match: Omit<MatchDocument, 'expression'> & { readonly expression: CompiledExpression | undefined };
  /** In their order. */
  readonly variables: ReadonlyMap<string, CompiledExpression>;
  readonly rules: readonly CompiledRule[];
}

/** The policy, or all faults of its expressions. */
export function compilePolicy(document: PolicyDocument, digest: string): CompiledPolicy | readonly PolicyProblem[] {
  const compiler = new Compiler();
  const variables = compiler.variables(document);
  const { expression: matching, ...match } = document.match;
  const expression = matching && compiler.expression(matching, isBool, 'true or false');
  const rules = document.rules.flatMap((rule) => compiler.rule(rule) ?? []);
  if (compiler.problems.length > 0) return compiler.problems;
  const { name, description } = document;
  return { name, description, digest, match: { ...match, expression }, variables, rules };
}

class Compiler {
  readonly problems: PolicyProblem[] = [];
  readonly #types = new Map<string, Type>();
  readonly #variables = new Map<string, CompiledExpression>();
  readonly #missing = new Map<string, readonly string[]>();

  variables(document: PolicyDocument): ReadonlyMap<string, CompiledExpression> {
    for (const { name, expression } of document.variables) {
      const compiled = this.expression(expression, () => true, 'a value');
      if (compiled === undefined) {
        // Expressions that use it get no further error.
        this.#types.set(name, { kind: 'any' });
        continue;
      }
      this.#missing.set(name, this.#unavailable([compiled.node]));
      this.#types.set(name, compiled.type);
      this.#variables.set(name, compiled);
    }
    return this.#variables;
  }

  rule(document: RuleDocument): CompiledRule | undefined {
    const expression = this.expression(document.expression, isBool, 'true or false');
    const when = document.when && this.expression(document.when, isBool, 'true or false');
    const isPlain = typeof document.message === 'string';
    const computed =
      typeof document.message === 'string' ? undefined : this.expression(document.message, isText, 'text');
    const findings = document.findings && this.expression(document.findings, isFindings, 'a list of findings');
    const message = typeof document.message === 'string' ? document.message : computed;
    if (expression === undefined || (message === undefined && !isPlain)) return undefined;
    const nodes = [expression, when, computed, findings].flatMap((part) => (part === undefined ? [] : [part.node]));
    return {
      id: document.id,
      action: document.action,
      owasp: document.owasp,
      document,
      expression,
      when,
      message: message ?? '',
      findings,
      behind: behindOf(expression.node, this.#types),
      unavailable: this.#unavailable(nodes),
      uses: this.#used(nodes),
    };
  }

  expression(source: ExpressionText, accepts: (type: Type) => boolean, wanted: string): CompiledExpression | undefined {
    try {
      const { node, expr } = parseExpression(source.text);
      const type = checkExpression(node, { roots: VIEW_TYPES, variables: this.#types });
      if (!accepts(present(type))) {
        throw new ExpressionError(0, `the expression must return ${wanted}, but returns ${typeNameOf(type)}`);
      }
      return { source, node, type, evaluate: compileExpression(expr), sharedAs: this.#sharedAs(source.text, node) };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      const { line, column } = source.locate?.(error.at) ?? source.at;
      this.problems.push({ line, column, message: error.message, hint: error.hint });
      return undefined;
    }
  }

  #sharedAs(text: string, node: Node): string | undefined {
    if (namesAny(node, OCCASIONAL)) return undefined;
    const variables: [name: string, text: string][] = [];
    for (const name of [...this.#used([node])].sort()) {
      const variable = this.#variables.get(name);
      if (variable?.sharedAs === undefined) return undefined;
      variables.push([name, variable.source.text]);
    }
    return JSON.stringify([text, variables]);
  }

  #unavailable(nodes: readonly Node[]): readonly string[] {
    const own = nodes.flatMap((node) => unavailableIn(node));
    const inherited = [...this.#used(nodes)].flatMap((name) => this.#missing.get(name) ?? []);
    return [...new Set([...own, ...inherited])];
  }

  #used(nodes: readonly Node[]): ReadonlySet<string> {
    const used = new Set<string>();
    const visit = (node: Node): void => {
      const isField = node.kind === 'select' || node.kind === 'has';
      if (isField && node.of.kind === 'ident' && node.of.name === VARIABLES && !used.has(node.field)) {
        used.add(node.field);
        const variable = this.#variables.get(node.field);
        if (variable !== undefined) visit(variable.node);
      }
      for (const child of childrenOf(node)) visit(child);
    };
    for (const node of nodes) visit(node);
    return used;
  }
}

function namesAny(node: Node, names: ReadonlySet<string>): boolean {
  if (node.kind === 'ident' && names.has(node.name)) return true;
  return childrenOf(node).some((child) => namesAny(child, names));
}

function isBool({ kind }: Type): boolean {
  return kind === 'bool' || kind === 'any';
}

function isText({ kind }: Type): boolean {
  return kind === 'string' || kind === 'words' || kind === 'any';
}

function isFindings(type: Type): boolean {
  if (type.kind !== 'list') return type.kind === 'any';
  const of = present(type.of);
  return of.kind === 'any' || (of.kind === 'record' && of.name === 'a finding');
}
