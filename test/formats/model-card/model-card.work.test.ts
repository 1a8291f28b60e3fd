import { expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { readModelCard } from '../../../src/formats/model-card/model-card.ts';
import { growth } from '../../support/growth.ts';

it.each<[string, number, (count: number) => string]>([
  ['brackets', 100, (count) => `tags: [${'{'.repeat(count)}`],
  ['anchors', 1_000, (count) => `tags:\n${'- &a x\n'.repeat(count)}`],
  ['escapes', 1_000, (count) => `tags: "${'\\u0041'.repeat(count)}"`],
  ['lines', 10_000, (count) => '\n'.repeat(count)],
  ['repeated keys', 10_000, (count) => 'a:\n'.repeat(count)],
  ['spaces', 10_000, (count) => ' '.repeat(count)],
])('the work to parse front matter grows linearly with its length: %s', async (_, size, text) => {
  const grown = await growth(size, (count) =>
    readModelCard(Buffer.from(`---\n${text(count)}\n---\n`), 'README.md').catch((error: unknown) =>
      expect(isAssayError(error)).toBe(true),
    ),
  );
  expect(grown).toBeLessThan(5);
});
