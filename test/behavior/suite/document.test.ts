import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSuite } from '../../../src/behavior/suite/document.ts';
import { isAssayError } from '../../../src/core/errors.ts';

const SUITE = `
version: 1
name: digits
model: { label: label }
data:
  held-out:
    inputs: [{ file: digits.npz, columns: [X], as: input }]
    labels: digits.npz#y
    outputs: golden.npz
tests:
  - { id: accuracy, kind: accuracy, data: held-out, min: 0.95 }
  - { id: same, kind: outputs, data: held-out }
`;

it('reads what a suite says', async () => {
  const suite = await parseSuite(SUITE, 'suite.yaml');
  expect(suite).toMatchObject({ name: 'digits', seed: 1, roles: { label: 'label' } });
  expect(suite.data.get('held-out')).toEqual({
    given: { inputs: [{ file: 'digits.npz', columns: ['X'], as: 'input' }], labels: 'digits.npz#y' },
    outputs: 'golden.npz',
  });
  expect(suite.tests.map(({ id, kind, options }) => [id, kind.kind, options])).toEqual([
    ['accuracy', 'accuracy', { min: 0.95 }],
    ['same', 'outputs', {}],
  ]);
});

const test = (text: string) => SUITE.replace('- { id: same, kind: outputs, data: held-out }', text);

describe('refuses', () => {
  it.each([
    ['another version', SUITE.replace('version: 1', 'version: 2'), 'version must be <= 1'],
    ['a text as the version', SUITE.replace('version: 1', 'version: "1"'), 'version must be integer'],
    ['no name', SUITE.replace('name: digits', ''), 'name'],
    ['a key that it does not know', `${SUITE}baseline: x`, 'baseline'],
    ['a list', '- 1', 'must be object'],
    ['an empty file', '', 'must be object'],
    ['what is not YAML', 'a: [', 'is not YAML'],
    ['a key that comes twice', `${SUITE}\nname: other`, 'is not YAML'],
    ['an anchor that multiplies', `a: &a [x]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]`, 'is not YAML'],
    ['a tag', 'name: !x digits', 'is not YAML'],
    ['deep nesting', `a: ${'['.repeat(5000)}`, 'is not YAML'],
    [
      'a kind that does not exist',
      test('- { id: x, kind: magic, data: held-out }'),
      'no kind of test "magic"; there are outputs, accuracy',
    ],
    [
      'a kind by a name of objects',
      test('- { id: x, kind: __proto__, data: held-out }'),
      'no kind of test "__proto__"',
    ],
    ['data that does not exist', test('- { id: x, kind: range, data: other }'), 'no data "other"; it has held-out'],
    [
      'other data that does not exist',
      test('- { id: x, kind: membership, data: held-out, attack: loss, non-members: other }'),
      'tests[1] (x).non-members: the suite has no data "other"; it has held-out',
    ],
    [
      'no other data where a kind needs it',
      test('- { id: x, kind: membership, data: held-out, attack: loss }'),
      "tests[1] (x) must have required property 'non-members'",
    ],
    [
      'an option of another kind',
      test('- { id: x, kind: range, data: held-out, top: 3 }'),
      'tests[1] (x): range does not take "top"; it takes output, min, max, sum',
    ],
    [
      'an option of the wrong type',
      test('- { id: x, kind: accuracy, data: held-out, min: high }'),
      'tests[1] (x).min must be number',
    ],
    [
      'a number that is not finite',
      test('- { id: x, kind: accuracy, data: held-out, min: .nan }'),
      'tests[1] (x).min must be number',
    ],
    [
      'a share of more than 1',
      test('- { id: x, kind: accuracy, data: held-out, min: 95 }'),
      'tests[1] (x).min must be <= 1',
    ],
    ['a distance below 0', test('- { id: x, kind: outputs, data: held-out, absolute: -1 }'), 'must be >= 0'],
    ['a test without an id', test('- { kind: accuracy, data: held-out }'), 'tests[1]'],
    ['an id with spaces', test('- { id: a b, kind: accuracy, data: held-out }'), 'tests[1].id'],
    ['two tests of one id', test('- { id: accuracy, kind: range, data: held-out }'), 'two tests of the id "accuracy"'],
    [
      'a seed of more than 32 bits',
      SUITE.replace('name: digits', 'name: digits\nseed: 4294967296'),
      'seed must be <= 4294967295',
    ],
    [
      'a misspelled key of data',
      SUITE.replace(/ {4}labels: /, '    lables: '),
      'data.held-out does not take "lables"; it takes inputs, labels, columns, outputs, prompts',
    ],
    ['data without inputs', SUITE.replace(/ {4}inputs: .*\n/, ''), 'data.held-out'],
    [
      'data that is a list',
      SUITE.replace(/held-out:\n(?: {4}.*\n)+/, 'held-out: []\n'),
      'data.held-out is not a mapping',
    ],
    ['more than a mebibyte', `${SUITE}#${' '.repeat(1024 * 1024)}`, 'is larger than 1 MiB'],
  ])('%s', async (_, text, message) => {
    await expect(parseSuite(text, 'suite.yaml')).rejects.toMatchObject({
      code: 'usage',
      subject: 'suite.yaml',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('assay test'),
    });
  });
});

it('of any text is a suite, or a fault that is named', async () => {
  const lines = fc.array(fc.constantFrom(...SUITE.split('\n'), '  - 1', 'tests: {}', 'data: null', '? [a]', '- *x'), {
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        lines.map((all) => all.join('\n')),
      ),
      async (text) => {
        try {
          await parseSuite(text, 'suite.yaml');
        } catch (error) {
          expect(isAssayError(error) && error.code).toBe('usage');
        }
      },
    ),
  );
});
