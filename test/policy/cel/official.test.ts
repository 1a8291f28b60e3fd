import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/policy/cel/budget.ts';
import { compileExpression, newFrame } from '../../../src/policy/cel/evaluate.ts';
import { parseExpression } from '../../../src/policy/cel/parse.ts';
import { equal, Failure, tagOf } from '../../../src/policy/cel/values.ts';
import { officialCases } from './official.ts';

const { cases, left } = officialCases();

describe('the conformance suite of CEL, as far as policies go', () => {
  it('is looked at: what is left out is another type, or serves one', () => {
    expect(cases.length).toBeGreaterThan(800);
    expect([...left.keys()].sort()).toEqual([
      'bindings and blocks',
      'bound types',
      'bytes',
      'checking only',
      'containers',
      'formatting and quoting',
      'mathematics',
      'named time zones',
      'protocol buffers',
      'suite',
      'type values',
      'unsigned integers',
    ]);
  });

  it.each(cases)('$name', ({ expr, globals, expected }) => {
    const value = compileExpression(parseExpression(expr))(newFrame(globals));
    if (expected === undefined || value instanceof Failure) {
      expect(value instanceof Failure ? undefined : value).toBe(expected);
      return;
    }
    expect(tagOf(value)).toBe(tagOf(expected));
    const bothNaN = Number.isNaN(value) && Number.isNaN(expected);
    expect(bothNaN || equal(value, expected, new Budget())).toBe(true);
  });
});
