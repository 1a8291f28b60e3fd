import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../src/policy/cel/evaluate.ts';
import { ExpressionError } from '../../src/policy/cel/expression-error.ts';
import { parseExpression } from '../../src/policy/cel/parse.ts';
import { expressionText } from '../../src/policy/cel/text.ts';
import { expressionConstant } from '../../src/policy/constant.ts';
import { policyText } from './a-policy.ts';
import { expressions, judge, LONG_EXPRESSIONS, RUNS, view } from './fuzz.ts';

describe('the reader of policies never throws and stays within bounds for an expression', () => {
  it('of any characters', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.stringMatching(/^[()[\]{}!?:.,'"\\a-c0-9&|=<>+*/ -]{0,60}$/),
    );
    fc.assert(
      fc.property(text, (expression) => {
        try {
          parseExpression(expression);
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
          expect(error).toMatchObject({ at: expect.any(Number) });
        }
        judge(Buffer.from(policyText([{ expression }])));
      }),
      { numRuns: RUNS },
    );
  });

  it('that is well formed', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(expressions, expressions, (expression, variable) => {
        const rules = [
          { expression },
          { id: 'dyn', expression: `dyn(${expression})`, messageExpression: `string(dyn(${expression}))` },
        ];
        for (const rule of rules) {
          const outcome = judge(
            Buffer.from(policyText([rule], { variables: { v: variable.replaceAll('variables.v', '1') } })),
          );
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
      }),
      { numRuns: RUNS * 2 },
    );
    expect(outcomes.get('decided') ?? 0).toBeGreaterThan(RUNS / 50);
  });

  it.each(LONG_EXPRESSIONS)('of many %s', (_, expression) => {
    for (const n of [10, 40, 200, 1_000, 2_000, 20_000])
      judge(Buffer.from(policyText([{ expression: expression(n) }])));
  });
});

describe('the static analysis of an expression', () => {
  it('finds only true constants', () => {
    let constant = 0;
    const parts = fc.constantFrom(
      'true',
      'false',
      '1',
      '2',
      "'a'",
      'files.size()',
      'source.kind',
      'environment.stage',
      "'production'",
      "'hf'",
      'artifact.isPinned',
      "['hf', 's3']",
    );
    const pair = (operator: string) => fc.tuple(parts, parts).map(([a, b]) => `(${a} ${operator} ${b})`);
    const simple = fc.oneof(parts, ...['==', '!=', '<', '<=', '>', '>=', 'in'].map(pair));
    const joined = fc
      .tuple(simple, fc.constantFrom('&&', '||'), simple, fc.boolean())
      .map(([a, op, b, not]) => `${not ? '!' : ''}(${a} ${op} ${b})`);
    const conditional = fc.tuple(simple, joined, joined).map(([a, b, c]) => `${a} ? ${b} : ${c}`);
    const walked = fc
      .tuple(fc.constantFrom('all', 'exists'), joined)
      .map(([name, body]) => `files.${name}(f, ${body})`);
    const known = new Map([
      ['environment.stage', 'production'],
      ['source.kind', 'hf'],
    ]);
    fc.assert(
      fc.property(fc.oneof(joined, conditional, walked, expressions), (text) => {
        const parsed = tryParse(text);
        if (parsed === undefined) return;
        const said = expressionConstant(parsed.node, known, new Map());
        if (said === undefined || parsed.node.kind === 'const') return;
        constant++;
        const value = compileExpression(parsed.expr)(view);
        if (typeof value === typeof said) expect(value, text).toBe(said);
      }),
      { numRuns: RUNS * 2 },
    );
    expect(constant).toBeGreaterThan(RUNS / 40);
  });

  it.each([
    ['-(1).path', '(-(1).path)'],
    ['-1.path', '(-1).path'],
    ['-(5)[0]', '(-(5)[0])'],
    ['-(1.5).size()', '(-(1.5).size())'],
    ['has(-(9223372036854775807).path)', 'has((-(9223372036854775807).path))'],
  ])('keeps the sign of a literal: %s', (text, written) => {
    const parsed = tryParse(text);
    expect(parsed && expressionText(parsed.node)).toBe(written);
    const again = tryParse(written);
    expect(again && expressionText(again.node)).toBe(written);
  });

  it('preserves the meaning of an expression that is printed', () => {
    fc.assert(
      fc.property(expressions, (text) => {
        const parsed = tryParse(text);
        const again = parsed === undefined ? undefined : tryParse(expressionText(parsed.node));
        if (parsed === undefined || again === undefined) return;
        const show = (value: unknown) => (typeof value === 'object' ? Object.prototype.toString.call(value) : value);
        expect(show(compileExpression(again.expr)(view))).toEqual(show(compileExpression(parsed.expr)(view)));
      }),
      { numRuns: RUNS, examples: [['has(-(9223372036854775807).path)']] },
    );
  });
});

function tryParse(text: string) {
  try {
    return parseExpression(text);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}
