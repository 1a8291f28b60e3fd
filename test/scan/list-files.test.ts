import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LIST_FILES } from '../../src/scan/rules/ruleset.ts';

it('every list beside a scanner counts in the digest of the ruleset', () => {
  const folder = fileURLToPath(new URL('../../src/scan/', import.meta.url));
  const lists = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json') && !path.startsWith('pickle/'))
    .sort();
  expect(lists.length).toBeGreaterThan(10);
  expect([...LIST_FILES].sort()).toEqual(lists);
});
