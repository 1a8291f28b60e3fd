import { describe, expect, it } from 'vitest';
import { caseAssessment } from '../../src/policy/cases/assessment.ts';
import { growth } from '../support/growth.ts';
import { work } from '../support/work.ts';
import { decideBy, read } from './a-policy.ts';

/** A number of files, each with as many imports and a finding. */
function large(count: number, imports = 0) {
  const names = Array.from({ length: imports }, (_, i) => `acme.name${i}`);
  const paths = Array.from({ length: count }, (_, i) => `weights/part-${i}.bin`);
  return caseAssessment({
    files: paths.map((path) => ({ path, imports: names })),
    findings: paths.map((file) => ({ ruleId: 'zip.symlink', file })),
  });
}

const sixteen = (name: string) => Array.from({ length: 16 }, () => name).join(' + ');
const variables = {
  all: 'files.all(a, files.all(b, a.size + b.size >= 0))',
  a: 'files.map(f, f.path).join("")',
  b: sixteen('variables.a'),
  c: sixteen('variables.b'),
};

describe('a runaway expression is refused at a bounded cost:', () => {
  it.each([
    ['three walks over the files', 'files.all(a, files.all(b, files.all(c, a.size + b.size + c.size >= 0)))'],
    ['walks in a variable', 'files.all(f, variables.all)'],
    ['a growing string', `(${sixteen('variables.c')}).size() > 0`],
    ['nested lists', 'files.map(a, files.map(b, files.map(c, c.path))).size() > 0'],
    ['many searches', 'files.all(a, files.all(b, a.path.replace("a", b.path).contains(b.path)))'],
    ['a pattern for each pair', 'files.all(a, files.all(b, a.path.matches(b.path + "(a|b)*")))'],
    ['nested names', 'files.all(a, a.imports.all(i, files.all(b, i in b.imports)))'],
  ])('%s', async (_, expression) => {
    const [some, more] = [large(2_000, 50), large(8_000, 50)];
    const refused = (model: typeof some) => {
      const { action, rules } = decideBy(expression, model, { variables });
      expect(action).toBe('deny');
      expect(rules[0]?.outcome).toBe('error');
    };
    await work(() => refused(some));
    const spent = await work(() => refused(some));
    // Its evaluation would cost at least the square of 2,000 files.
    expect(spent).toBeLessThan(2_000 * 2_000);
    // It is refused before it is evaluated: the cost is that of the view of the files.
    expect((await work(() => refused(more))) / spent).toBeLessThan(5);
  });
});

describe('the work on nested YAML grows linearly with its depth', () => {
  it.each(['[', '{a: ', '- ', '{"a":'])('for %s', async (open) => {
    expect(await growth(100, (count) => expect(read(open.repeat(count))).toBeInstanceOf(Array))).toBeLessThan(5);
  });
});
