import { describe, expect, it } from 'vitest';
import { assertShallowYaml } from '../../../src/core/yaml/index.ts';

describe('the nesting check of YAML', () => {
  it.each<[string, string]>([
    ['brackets', '['.repeat(5_000)],
    ['closed brackets', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['brackets that close only in quotes', `["]]]]", `.repeat(500)],
    ['mappings in braces', '{a: '.repeat(500)],
    ['dashes', '- '.repeat(500)],
    ['key indicators', '? '.repeat(500)],
    ['keys in one line', 'a: '.repeat(500)],
    ['lines', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['dashes over several lines', Array.from({ length: 60 }, (_, i) => `${' '.repeat(4 * i)}- -`).join('\n')],
  ])('refuses %s', (_, text) => {
    expect(() => assertShallowYaml(text)).toThrow(expect.objectContaining({ code: 'limit' }));
  });

  it.each<[string, string]>([
    [
      'many brackets side by side',
      'a: [1]\n'.repeat(0) + Array.from({ length: 500 }, (_, i) => `k${i}: [{a: 1}]`).join('\n'),
    ],
    ['brackets in text', `a: |\n${'  f([{x\n'.repeat(500)}`],
    ['many lines', 'a:\n  b:\n    - c: d\n'.replaceAll('a', 'x').repeat(1)],
    ['a malformed document with few brackets', '[['],
  ])('accepts %s', (_, text) => {
    expect(() => assertShallowYaml(text)).not.toThrow();
  });
});
