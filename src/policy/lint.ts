import { type Constant, expressionText } from './cel/index.ts';
import type { CompiledExpression, CompiledPolicy, CompiledRule } from './compile.ts';
import { expressionConstant, type KnownConstant } from './constant.ts';
import type { PolicyProblem, Position } from './problem.ts';
import { type KnownWords, strangeWords } from './strange-words.ts';

/** Faults and notes about a policy that can be read. */
export interface Lint {
  /** Rules that never fire or always do, that repeat another, variables that nothing uses, words that name nothing. */
  readonly warnings: readonly PolicyProblem[];
  /** Rules that deny because they need a value that this version cannot produce. */
  readonly notes: readonly PolicyProblem[];
}

/** @param known words of this version; they are not looked at when absent */
export function lintPolicy(policy: CompiledPolicy, known?: KnownWords): Lint {
  const situations = situationsOf(policy);
  const nodes = new Map([...policy.variables].map(([name, { node }]) => [name, node]));
  const always = (expression: CompiledExpression, value: Constant) =>
    situations.every((known) => expressionConstant(expression.node, known, nodes) === value);
  const warnings = [
    ...policy.rules.flatMap((rule) =>
      constantRule(rule, always, situations.length > 1 || (situations[0]?.size ?? 0) > 0),
    ),
    ...repeatedRules(policy.rules),
    ...unusedVariables(policy),
    ...(known === undefined ? [] : strangeWords(policy, known)),
  ];
  const notes = policy.rules
    .filter(({ unavailable }) => unavailable.length > 0)
    .map(({ id, unavailable, document }) => {
      const where = document.when === undefined ? 'denies' : 'denies where it is asked';
      return problem(
        document.at,
        `${id} ${where}: it asks for ${unavailable.join(' and ')}, which this version cannot produce`,
      );
    });
  return { warnings, notes };
}

/** Every combination of stage and source that `match` lets through; one that knows nothing, when it names neither. */
function situationsOf({ match }: CompiledPolicy): readonly KnownConstant[] {
  const stages = match.stages?.map((stage) => [['environment.stage', stage] as const]) ?? [[]];
  const sources = match.sources?.map((source) => [['source.kind', source] as const]) ?? [[]];
  return stages.flatMap((stage) => sources.map((source) => new Map([...stage, ...source])));
}

function constantRule(
  { id, expression, when, document }: CompiledRule,
  always: (expression: CompiledExpression, value: Constant) => boolean,
  isMatched: boolean,
): PolicyProblem[] {
  const because = isMatched ? ' for artifacts that match selects' : '';
  if (when !== undefined && always(when, false)) {
    return [
      problem(when.source.at, `${id} never applies: its when is always false${because}`, 'remove the rule or its when'),
    ];
  }
  if (always(expression, true)) {
    return [problem(document.at, `${id} can never fire: its expression is always true${because}`, 'remove the rule')];
  }
  if (always(expression, false)) {
    return [
      problem(
        document.at,
        `${id} always fires: its expression is always false${because}`,
        'write a condition on the artifact',
      ),
    ];
  }
  return [];
}

function repeatedRules(rules: readonly CompiledRule[]): PolicyProblem[] {
  const first = new Map<string, string>();
  return rules.flatMap(({ id, expression, when, document }) => {
    const key = `${expressionText(expression.node)}\n${when === undefined ? '' : expressionText(when.node)}`;
    const known = first.get(key);
    if (known === undefined) first.set(key, id);
    return known === undefined ? [] : [problem(document.at, `${id} repeats ${known}`, 'remove one')];
  });
}

function unusedVariables({ variables, rules }: CompiledPolicy): PolicyProblem[] {
  const used = new Set(rules.flatMap(({ uses }) => [...uses]));
  return [...variables]
    .filter(([name]) => !used.has(name))
    .map(([name, { source }]) => problem(source.at, `the variable ${name} is not used`, 'remove it'));
}

function problem({ line, column }: Position, message: string, hint?: string): PolicyProblem {
  return { line, column, message, hint };
}
