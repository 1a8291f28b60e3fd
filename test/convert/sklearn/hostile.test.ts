import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { planBytes } from '../golden.ts';

const file = (name: string) =>
  readFileSync(new URL(`../../../fixtures/convert/sklearn/1.9.1/${name}`, import.meta.url));

/** Text opcodes of protocol 2 and later: a short text, and what it is replaced by, of the same length. */
function withText(bytes: Buffer, from: string, to: string): Buffer {
  const changed = Buffer.from(bytes);
  const at = changed.indexOf(from);
  expect(at).toBeGreaterThan(0);
  changed.write(to, at);
  return changed;
}

test('a class that is not of a known library is refused by its name', async () => {
  const bytes = withText(file('linear/logistic-no-intercept.pkl'), 'sklearn.linear_model', 'mymodel.linear_model');
  await expect(planBytes('model.pkl', bytes)).rejects.toThrow('has code that is not in the file');
});

test('an attribute that is missing is named', async () => {
  const bytes = withText(file('linear/logistic-no-intercept.pkl'), 'coef_', 'toef_');
  await expect(planBytes('model.pkl', bytes)).rejects.toThrow('sklearn.linear_model.LogisticRegression has no coef_');
});

test('a key of the name __proto__ is a key', async () => {
  const bytes = withText(file('trees/tree.pkl'), 'criterion', '__proto__');
  await expect(planBytes('model.pkl', bytes)).resolves.toBeDefined();
});

test.each([
  'trees/tree.pkl',
  'trees/hist-categorical.pkl',
  'svm/svc-rbf.pkl',
  'compose/columns.pkl',
  'meta/stacking.pkl',
])('%s with changed bytes is converted or refused, and nothing else', async (name) => {
  const bytes = file(name);
  let seed = 7;
  for (let round = 0; round < 60; round++) {
    const changed = Buffer.from(bytes);
    for (let i = 0; i < 3; i++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      changed[seed % changed.length] = (seed >> 8) & 0xff;
    }
    const error: unknown = await planBytes(name, changed).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined && !(isAssayError(error) && error.code !== 'internal')) throw error;
  }
});
