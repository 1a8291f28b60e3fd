import { expect, it } from 'vitest';
import { compileAdmissionPolicies, type PolicyInput } from '../../../admission-webhook/src/index.ts';
import { extractReferences } from '../../../src/workload/index.ts';
import { work } from '../../support/work.ts';
import { podOf } from '../../workload/build.ts';
import { gateOf, requestOf, reviewOf } from './support.ts';

const NONE = { kind: 'none', why: 'not needed' } as const;
const ARGS = 'object.spec.containers[0].args';

function inputOf(args: number): PolicyInput {
  const object = podOf({ args: Array.from({ length: args }, (_, at) => `--x${at}`) });
  const request = requestOf(reviewOf(Object(object)));
  const rule = gateOf(NONE).namespaces.ruleOf('models');
  return { request, found: extractReferences(request.object), rule, outcomes: [] };
}

/** The cost of a policy, and its rulings. */
async function judged(expression: string, args: number) {
  const at = { line: 1, column: 1 };
  const compiled = compileAdmissionPolicies([
    { id: 'rule', at, message: 'no', action: 'warn', expression: { text: expression, at } },
  ]);
  if (compiled.kind === 'problems') throw new Error(compiled.problems[0]?.message);
  const input = inputOf(args);
  let rulings: readonly unknown[] = [];
  const cost = await work(() => {
    rulings = compiled.policies.judge(input);
  });
  return { cost, rulings };
}

it('a policy that would iterate over too many items is refused before it iterates', async () => {
  const walks = `${ARGS}.all(a, ${ARGS}.all(b, a != b || a == b))`;
  await judged(walks, 10);
  const [some, many] = [await judged(walks, 3_000), await judged(walks, 12_000)];
  for (const { rulings } of [some, many])
    expect(rulings).toMatchObject([{ action: 'deny', message: expect.stringContaining('too many items') }]);
  expect(many.cost / some.cost).toBeLessThan(4.5);
  // The only cost is to convert the object.
  const shown = await judged(`${ARGS}.size() > 0`, 12_000);
  expect(shown.rulings).toEqual([]);
  expect(many.cost / shown.cost).toBeLessThan(1.5);
});
