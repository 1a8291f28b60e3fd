import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../src/core/assessment/assessment.ts';
import { caseAssessment } from '../../src/policy/cases/assessment.ts';
import { MAX_STEPS } from '../../src/policy/cel/bounds.ts';
import { decide } from '../../src/policy/decide.ts';
import { decideBy, policyOf, policyText } from './a-policy.ts';

const DETAIL = { files: [{ path: 'a.pkl', format: 'pickle' }], findings: [{ ruleId: 'zip.symlink', file: 'a.pkl' }] };

/** A number of files, each with as many imports and a finding. */
function large(count: number, imports = 0): Assessment {
  const names = Array.from({ length: imports }, (_, i) => `acme.name${i}`);
  const paths = Array.from({ length: count }, (_, i) => `weights/part-${i}.bin`);
  return caseAssessment({
    files: paths.map((path) => ({ path, imports: names })),
    findings: paths.map((file) => ({ ruleId: 'zip.symlink', file })),
  });
}

function outcomeOf(...args: Parameters<typeof decideBy>) {
  const { action, rules } = decideBy(...args);
  return { action, ...rules[0] };
}

describe('a rule that cannot be evaluated denies:', () => {
  it.each([
    ['a missing check', "checks['integrity.nothing'].status == 'pass'"],
    ['a missing item', 'files[7].size > 0'],
    ['a missing label', "environment.labels.region == 'eu'"],
    ['a null', 'source.host.startsWith("a")'],
    ['a division by zero', '1 / (files.size() - 1) == 1'],
    ['a number that is too large', 'files.size() + 9223372036854775807 > 0'],
    ['a type that is known only at evaluation', 'dyn(files[0].path) > 1'],
    ['an invalid time', 'timestamp(files[0].path) > now'],
    ['an invalid pattern', 'files[0].path.matches("(" + files[0].path)'],
    ['a variable that fails', 'variables.failing'],
  ])('%s', (_, expression) => {
    const variables = { failing: 'files[7].size > 0' };
    const { action, outcome, message } = outcomeOf(expression, {}, { variables });
    expect({ action, outcome }).toEqual({ action: 'deny', outcome: 'error' });
    expect(message).toMatch(/^could not be evaluated: ./);
  });

  it('any action, and a condition that fails', () => {
    for (const action of ['warn', 'audit']) {
      expect(outcomeOf({ expression: 'files[7].size > 0', action })).toMatchObject({
        action: 'deny',
        outcome: 'error',
      });
    }
    expect(outcomeOf({ expression: 'true || artifact.isPinned', when: 'files[7].size > 0' })).toMatchObject({
      action: 'deny',
      outcome: 'error',
    });
  });

  it('except when the other side of || or && decides', () => {
    expect(outcomeOf('files[7].size > 0 || artifact.isPinned')).toMatchObject({ action: 'allow', outcome: 'pass' });
    expect(outcomeOf('files[7].size > 0 && !artifact.isPinned')).toMatchObject({ action: 'deny', outcome: 'deny' });
  });

  it('a violation, also when its message fails', () => {
    expect(outcomeOf({ expression: '!artifact.isPinned', messageExpression: 'files[7].path' })).toMatchObject({
      outcome: 'deny',
      message: 'the artifact breaks the rule rule',
    });
  });

  it('a violation, also when its findings fail', () => {
    expect(outcomeOf({ expression: '!artifact.isPinned', findings: '[findings[7]]' }, DETAIL)).toMatchObject({
      outcome: 'deny',
      findings: [],
    });
  });
});

describe('data that this version cannot produce', () => {
  it('makes a rule deny as unavailable, with what is missing', () => {
    const { action, violations } = decideBy({
      id: 'trained',
      expression: "checks['serving.theft'].status == 'pass' || artifact.isPinned",
    });
    expect(action).toBe('deny');
    expect(violations).toEqual([
      {
        rule: 'unavailable',
        message:
          'the rule trained asks for checks of how a model is served (checks serving.*), which this version cannot produce',
        findings: [],
      },
    ]);
  });

  it('makes a rule deny also through a variable and for any action', () => {
    const options = { variables: { a: "checks['serving.theft']", b: 'variables.a' } };
    const { violations } = decideBy({ expression: "variables.b.status == 'pass'", action: 'audit' }, {}, options);
    expect(violations).toMatchObject([{ rule: 'unavailable', message: expect.stringContaining('(checks serving.*)') }]);
  });

  it('is not required by a rule whose condition is false', () => {
    const rule = {
      expression: "checks['serving.theft'].status == 'pass'",
      when: "'trained-here' in environment.labels",
    };
    expect(decideBy(rule).action).toBe('allow');
    const environment = { labels: { 'trained-here': '' } };
    expect(decideBy(rule, {}, { environment }).violations).toMatchObject([{ rule: 'unavailable' }]);
  });
});

describe('a policy with a match denies artifacts that do not match', () => {
  const decideFor = (match: object, environment = {}) =>
    decide(caseAssessment({}), {
      policy: policyOf(policyText([{ expression: 'artifact.isPinned' }], { match })),
      environment,
    });

  it.each([
    [{ stages: ['production'] }, 'acme does not apply: the policy is for production, but the request names no stage'],
    [{ formats: ['gguf'] }, 'acme does not apply: the policy is for formats gguf, but no file has one of them'],
    [{ sources: ['oci'] }, 'acme does not apply: the policy is for sources oci, but this is hf'],
    [{ expression: 'false && artifact.isPinned' }, 'acme does not apply: the policy is for other artifacts'],
    [{ expression: 'files[7].size > 0' }, /^acme does not apply: whether the policy applies is not known: /],
  ])('%j', (match, message) => {
    const { action, violations, rules } = decideFor(match);
    expect(action).toBe('deny');
    expect(rules).toEqual([]);
    expect(violations).toEqual([
      {
        rule: 'policy.match',
        message: typeof message === 'string' ? message : expect.stringMatching(message),
        findings: [],
      },
    ]);
  });

  it('and judges those that match', () => {
    expect(decideFor({ stages: ['production'] }, { stage: 'production' }).action).toBe('allow');
    expect(decideFor({ formats: ['safetensors'], sources: ['hf'], expression: 'files.size() == 1' }).action).toBe(
      'allow',
    );
  });
});

describe('a runaway expression denies:', () => {
  const sixteen = (name: string) => Array.from({ length: 16 }, () => name).join(' + ');
  const variables = {
    all: 'files.all(a, files.all(b, a.size + b.size >= 0))',
    a: 'files.map(f, f.path).join("")',
    b: sixteen('variables.a'),
    c: sixteen('variables.b'),
  };
  const model = large(2_000, 50);

  it.each([
    [
      'three walks over 2,000 files',
      'files.all(a, files.all(b, files.all(c, a.size + b.size + c.size >= 0)))',
      /loops over too many/,
    ],
    ['walks in a variable', 'files.all(f, variables.all)', /loops over too many/],
    ['a growing string', `(${sixteen('variables.c')}).size() > 0`, /would be a text or a list that is too long/],
    ['nested lists', 'files.map(a, files.map(b, files.map(c, c.path))).size() > 0', /loops over too many/],
    [
      'many searches',
      'files.all(a, files.all(b, a.path.replace("a", b.path).contains(b.path)))',
      /loops over too many/,
    ],
    ['a pattern for each pair', 'files.all(a, files.all(b, a.path.matches(b.path + "(a|b)*")))', /loops over too many/],
    ['nested names', 'files.all(a, a.imports.all(i, files.all(b, i in b.imports)))', /loops over too many/],
  ])('%s', (_, expression, why) => {
    const { action, outcome, message } = outcomeOf(expression, model, { variables });
    expect({ action, outcome }).toEqual({ action: 'deny', outcome: 'error' });
    expect(message).toMatch(why);
  });

  it('many rules that are within bounds alone, but not together', () => {
    const rules = Array.from({ length: 40 }, (_, i) => ({
      id: `r${i}`,
      expression: `files.all(a, files.all(b, a.size + b.size >= ${-i}))`,
    }));
    const decision = decide(large(1_000), { policy: policyOf(policyText(rules)) });
    // Each rule iterates over a million pairs, and all together over no more than the limit of a policy.
    const walked = decision.rules.filter(({ outcome }) => outcome !== 'error').length * 1_000 * 1_000;
    expect(walked).toBeGreaterThan(0);
    expect(walked).toBeLessThanOrEqual(2 * MAX_STEPS);
    expect(decision.action).toBe('deny');
    expect(decision.rules.at(-1)).toMatchObject({
      outcome: 'error',
      message: 'could not be evaluated: the policy as a whole loops over too many items',
    });
  });
});

describe('the findings of a violation', () => {
  const fingerprints = caseAssessment(DETAIL).findings.map(({ fingerprint }) => fingerprint);

  it.each([
    'files.all(f, f.format != "pickle")',
    '!files.exists(f, f.format == "pickle")',
    'files.filter(f, f.format == "pickle").size() == 0',
    'findings.size() == 0',
    'findings.all(f, f.severity == "low") && artifact.isPinned',
    // Longer than the nesting limit of an expression, once each operation has its brackets.
    `files.all(f, f.size${' + f.size'.repeat(60)} < 0)`,
  ])('are found in %s', (expression) => {
    expect(outcomeOf(expression, DETAIL)).toMatchObject({ outcome: 'deny', findings: fingerprints });
  });

  it('are those that the policy names, if it does', () => {
    expect(outcomeOf({ expression: '!artifact.isPinned' }, DETAIL).findings).toEqual([]);
    expect(outcomeOf({ expression: '!artifact.isPinned', findings: 'findings' }, DETAIL).findings).toEqual(
      fingerprints,
    );
  });

  it('are empty when the rule cannot be analysed, and the rule still denies', () => {
    const alternating = `files.all(f, f.size${' * 1 + f.size - f.size'.repeat(60)} < 0)`;
    expect(outcomeOf(alternating, DETAIL)).toMatchObject({ action: 'deny', outcome: 'deny' });
  });
});
