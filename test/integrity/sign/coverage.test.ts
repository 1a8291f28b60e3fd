import { describe, expect, it } from 'vitest';
import { type CoverageRules, coverageOf } from '../../../src/integrity/sign/coverage.ts';

const PATHS = [
  '.git',
  '.gitattributes',
  '.github/evil.py',
  '.gitignore',
  '.gitmodules',
  'a',
  'logs/x',
  'logs.txt',
  'model.sig',
  'sub/.github/x',
  'sub/model.sig',
];

function covers(rules: Partial<CoverageRules>) {
  const files = PATHS.map((path) => ({ path }));
  const { covered, ignored, uncovered, ignorePaths } = coverageOf(files, { ignore: [], everything: false, ...rules });
  const paths = (list: readonly { path: string }[]) => list.map(({ path }) => path);
  return { covered: paths(covered), ignored: paths(ignored), uncovered: paths(uncovered), ignorePaths };
}

describe('the coverage of a signature', () => {
  it('excludes what the reference implementation excludes, at the top level only, and reports excluded files that a loader can read', () => {
    expect(covers({ signature: 'model.sig' })).toEqual({
      covered: ['.gitmodules', 'a', 'logs/x', 'logs.txt', 'sub/.github/x', 'sub/model.sig'],
      ignored: [],
      uncovered: ['.github/evil.py'],
      ignorePaths: ['model.sig', '.git', '.gitattributes', '.github', '.gitignore'],
    });
  });

  it('excludes ignored files, and ignored folders with their content', () => {
    const { covered, ignored, ignorePaths } = covers({ ignore: ['logs', 'a'] });
    expect(ignored).toEqual(['a', 'logs/x']);
    expect(covered).toContain('logs.txt');
    expect(covered).toContain('model.sig');
    expect(ignorePaths).toEqual(['logs', 'a', '.git', '.gitattributes', '.github', '.gitignore']);
  });

  it('with --cover-all excludes only the git store and the signature', () => {
    const { covered, uncovered, ignorePaths } = covers({ everything: true, signature: 'sub/model.sig' });
    expect(covered).toEqual(PATHS.filter((path) => path !== '.git' && path !== 'sub/model.sig'));
    expect(uncovered).toEqual([]);
    expect(ignorePaths).toEqual(['sub/model.sig', '.git']);
  });

  it('includes a folder with the name of a git file', () => {
    const { uncovered } = coverageOf([{ path: '.gitignore/evil.py' }], { ignore: [], everything: false });
    expect(uncovered).toEqual([{ path: '.gitignore/evil.py' }]);
  });
});
