import { expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { assertShallowYaml, readYaml } from '../../../src/core/yaml/index.ts';
import { growth } from '../../support/growth.ts';

const SHAPES: readonly [string, number, (count: number) => string][] = [
  ['keys', 1_000, (count) => 'a: b\n'.repeat(count)],
  ['lists', 1_000, (count) => `[${'[a], '.repeat(count)}]`],
  ['words', 1_000, (count) => 'a '.repeat(count)],
  ['escapes', 1_000, (count) => `"${'\\x41'.repeat(count)}"`],
  ['anchors', 500, (count) => '- &a x\n'.repeat(count)],
  ['blocks', 500, (count) => '- |\n  x\n'.repeat(count)],
  ['tags', 500, (count) => '- !a!b x\n'.repeat(count)],
  ['percent signs', 500, (count) => `!${'%41'.repeat(count)}`],
  ['comments', 1_000, (count) => '# c\n'.repeat(count)],
  ['unterminated quotes', 1_000, (count) => `"${'\n'.repeat(count)}`],
];

it.each(SHAPES)('the work to read YAML grows linearly with its length: %s', async (_, size, text) => {
  const grown = await growth(size, async (count) => {
    try {
      readYaml(text(count), {}, { maxDepth: 100, dialect: 'pyyaml' });
    } catch (error) {
      expect(isAssayError(error)).toBe(true);
    }
  });
  expect(grown).toBeLessThan(5);
});

it('the work to check the nesting grows linearly with the length', async () => {
  const grown = await growth(1_000, async (count) => assertShallowYaml('a:\n- b: c\n'.repeat(count)));
  expect(grown).toBeLessThan(5);
});
