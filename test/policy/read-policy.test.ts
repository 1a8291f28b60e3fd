import { describe, expect, it } from 'vitest';
import { policyText, read } from './a-policy.ts';

const HEAD = 'apiVersion: assay.dev/v1\nkind: ModelPolicy\nmetadata: {name: acme}\nspec:\n  validations:\n';
const RULE = '    - id: one\n      expression: artifact.isPinned\n      message: m\n';

describe('a policy file', () => {
  it('is parsed', () => {
    expect(read(HEAD + RULE)).toMatchObject({ name: 'acme', rules: [{ id: 'one', action: 'deny' }] });
  });

  it.each<[string, string, string]>([
    ['an empty file', '', '1:1 the file is empty; write the keys apiVersion, kind, metadata, spec'],
    ['plain text', 'baseline', '1:1 a policy is not a mapping; write the keys apiVersion, kind, metadata, spec'],
    ['invalid YAML', `${HEAD}    - [`, 'this is not YAML: Flow sequence...'],
    [
      'two documents',
      `${HEAD}${RULE}---\n${HEAD}${RULE}`,
      '9:1 this is not YAML: Source contains multiple documents; please use YAML.parseAllDocuments()',
    ],
    [
      'another kind',
      HEAD.replace('ModelPolicy', 'Policy') + RULE,
      '2:1 kind is not ModelPolicy; write kind: ModelPolicy',
    ],
    [
      'another version',
      HEAD.replace('/v1', '/v2') + RULE,
      '1:1 apiVersion is not assay.dev/v1; write apiVersion: assay.dev/v1',
    ],
    [
      'a name in capitals',
      HEAD.replace('acme', 'Acme') + RULE,
      '3:12 Acme is not a name; use lower-case letters, digits, points and dashes',
    ],
    [
      'an unknown field',
      HEAD.replace('spec:', 'spec:\n  variable: []') + RULE,
      '5:3 spec has no variable; did you mean variables?',
    ],
    [
      'an unknown field of a rule',
      `${HEAD}${RULE}      expresion: a\n`,
      '9:7 a validation has no expresion; did you mean expression?',
    ],
    ['a repeated field', `${HEAD}${RULE}      id: two\n`, '9:7 the key id occurs twice; keep one'],
    [
      'an alias',
      `${HEAD}${RULE.replace('one', '&a one')}${RULE.replace('one', '*a')}`,
      '9:11 aliases are not supported; write the value itself',
    ],
    ['a rule without an expression', `${HEAD}    - id: one\n      message: m\n`, '6:7 a validation lacks expression'],
    [
      'a rule without a message',
      `${HEAD}    - id: one\n      expression: 1 == 1\n`,
      '6:7 a validation lacks a message; write a message that describes the problem',
    ],
    [
      'two messages',
      `${HEAD}${RULE}      messageExpression: "'a'"\n`,
      '9:7 a validation has both message and messageExpression; keep one',
    ],
    ['an invalid action', `${HEAD}${RULE}      action: dney\n`, '9:7 dney is not an action; did you mean deny?'],
    [
      'an invalid risk',
      `${HEAD}${RULE}      owasp: [ML11:2023]\n`,
      '9:15 ML11:2023 is not a risk; write ML01:2023 to ML10:2023',
    ],
    [
      'a reserved rule name',
      `${HEAD}${RULE.replace('one', 'unavailable')}`,
      '6:7 unavailable is a rule of the policy engine itself; use another id',
    ],
    ['two rules with the same id', HEAD + RULE + RULE, '9:7 the rule one is defined twice; rename one'],
    [
      'an invalid source',
      HEAD.replace('spec:', 'spec:\n  match: {sources: [hub]}') + RULE,
      '5:21 hub is not one of sources; use one of path, hf, https, s3, oci, models',
    ],
    [
      'an empty match',
      HEAD.replace('spec:', 'spec:\n  match: {stages: []}') + RULE,
      '5:11 stages is empty, so the policy matches no artifact; remove it to match all artifacts',
    ],
    [
      'no rules',
      'apiVersion: assay.dev/v1\nkind: ModelPolicy\nmetadata: {name: a}\nspec: {validations: []}\n',
      '4:8 a policy without validations would allow everything; write at least one',
    ],
    [
      'an unpaired surrogate',
      `${HEAD}    - id: one\n      expression: "artifact.ref == '\\ud800'"\n      message: m\n`,
      '7:7 expression contains an invalid character; remove it',
    ],
    [
      'a list for a string',
      `${HEAD}    - id: one\n      expression: [a]\n      message: m\n`,
      '7:7 expression is not text',
    ],
    ['too many bytes', `# ${'x'.repeat(200_000)}`, '1:1 the file has more than 131072 bytes; split it'],
  ])('is refused for %s', (_, text, problem) => {
    const problems = read(text);
    if (problem.endsWith('...')) expect(problems).toContainEqual(expect.stringContaining(problem.slice(0, -3)));
    else expect(problems).toContain(problem);
  });

  it('is refused for invalid UTF-8', () => {
    expect(read(new Uint8Array([0x61, 0xff]))).toEqual(['1:1 the file is not UTF-8; save it as UTF-8']);
  });

  it.each(['[', '{a: ', '- ', '{"a":'])('is refused for deep nesting of %s', (open) => {
    expect(read(open.repeat(20_000))).toBeInstanceOf(Array);
  });

  it('keeps scalars as they are written, and reads none as a date, number or boolean', () => {
    expect(read(policyText([{ expression: 'artifact.isPinned', message: '2026-01-01' }]))).toMatchObject({
      rules: [{ message: '2026-01-01' }],
    });
    expect(read(HEAD + RULE.replace('message: m', 'message: no'))).toMatchObject({ rules: [{ message: 'no' }] });
  });

  it('is refused with all errors, not only the first', () => {
    const text = `${HEAD}${RULE.replace('artifact', 'artefact')}${RULE.replace('one', 'Two')}      action: no\n`;
    expect(read(text)).toHaveLength(3);
  });
});

/** The column of a missing field: that of its point. */
describe('the column of an error within an expression is right in a scalar that is', () => {
  const at = (expression: string) => {
    const problems = read(`${HEAD}    - id: one\n      message: m\n      expression: ${expression}\n`);
    return Array.isArray(problems) ? String(problems[0]).split(' ')[0] : 'none';
  };

  it.each([
    ['plain', 'artifact.isPined', '8:27'],
    ['quoted', '"artifact.isPined"', '8:28'],
    ['quoted with escapes', '"\\"a\\" == artifact.reff"', '8:37'],
    ['quoted with doubled quotes', "'''a'' == artifact.reff'", '8:37'],
    ['folded', '>-\n        artifact.isPinned &&\n        artifact.isPined', '10:17'],
    ['literal', '|\n        artifact.isPinned\n          && artifact.isPined', '10:22'],
    ['plain over several lines', 'artifact.isPinned &&\n        artifact.isPined', '9:17'],
  ])('%s', (_, expression, place) => {
    expect(at(expression)).toBe(place);
  });
});
