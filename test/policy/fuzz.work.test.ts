import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_STEPS } from '../../src/policy/cel/bounds.ts';
import { growth } from '../support/growth.ts';
import { work } from '../support/work.ts';
import { policyText } from './a-policy.ts';
import { expressions, judge, LONG_EXPRESSIONS } from './fuzz.ts';

/** An upper bound of the blocks of code per step of a rule. */
const EACH = 40;

describe('the work on an expression', () => {
  it('is bounded for any expression', async () => {
    await fc.assert(
      fc.asyncProperty(expressions, async (expression) => {
        const text = Buffer.from(policyText([{ expression }]));
        const spent = await work(() => judge(text));
        expect(spent).toBeLessThan(EACH * MAX_STEPS);
      }),
      { numRuns: 200 },
    );
  });

  it.each(LONG_EXPRESSIONS)('grows linearly with its length: many %s', async (_, expression) => {
    const grown = await growth(500, (n) => judge(Buffer.from(policyText([{ expression: expression(n) }]))));
    expect(grown).toBeLessThan(5);
  });
});
