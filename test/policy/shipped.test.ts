import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { knownWords } from '../../src/pipeline/rules/known-words.ts';
import { readCases, runCase } from '../../src/policy/cases/run.ts';
import type { CompiledPolicy } from '../../src/policy/compile.ts';
import { lintPolicy } from '../../src/policy/lint.ts';
import { isProblems, readPolicy } from '../../src/policy/load.ts';
import { SHIPPED_POLICIES } from '../../src/policy/shipped.ts';

const FOLDER = new URL('../../policies/', import.meta.url);

function policyAt(path: string): CompiledPolicy {
  const read = readPolicy(readFileSync(new URL(path, FOLDER)));
  if (isProblems(read)) throw new Error(`${path}: ${JSON.stringify(read)}`);
  return read;
}

const files = ['', 'examples/'].flatMap((folder) =>
  readdirSync(new URL(folder, FOLDER))
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
    .map((name) => `${folder}${name}`),
);

describe('shipped policies', () => {
  it('are those that --help lists', () => {
    const names = files.filter((file) => !file.includes('/')).map((file) => file.replace('.yaml', ''));
    expect(names.sort()).toEqual(SHIPPED_POLICIES.map(({ name }) => name).sort());
    for (const name of names) expect(policyAt(`${name}.yaml`).name).toBe(name);
  });

  it.each(files)('%s has no warnings', (file) => {
    expect(lintPolicy(policyAt(file), knownWords()).warnings).toEqual([]);
  });

  describe.each(files)('%s', (file) => {
    const policy = policyAt(file);
    const read = readCases(readFileSync(new URL(file.replace('.yaml', '.test.yaml'), FOLDER)));
    if (isProblems(read)) throw new Error(JSON.stringify(read));

    it('has a case that allows, and a case that denies or warns', () => {
      const actions = new Set(read.cases.map(({ expect: { action } }) => action));
      expect(actions).toContain('allow');
      expect(actions.has('deny') || actions.has('warn')).toBe(true);
    });

    it.each(read.cases)('decides the case: $name', (one) => {
      expect(runCase(policy, one).failure).toBeUndefined();
    });
  });
});

describe('policies/README.md', () => {
  const [policy = '', cases = ''] = [
    ...readFileSync(new URL('README.md', FOLDER), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g),
  ].map(([, block]) => block ?? '');

  it('shows a policy without warnings, and cases that pass', () => {
    const read = readPolicy(Buffer.from(policy));
    if (isProblems(read)) throw new Error(JSON.stringify(read));
    expect(lintPolicy(read, knownWords()).warnings).toEqual([]);
    const shown = readCases(Buffer.from(cases));
    if (isProblems(shown)) throw new Error(JSON.stringify(shown));
    for (const one of shown.cases) expect(runCase(read, one).failure).toBeUndefined();
    expect(shown.cases).toHaveLength(1);
  });

  it('mentions each shipped policy and example', () => {
    const text = readFileSync(new URL('README.md', FOLDER), 'utf8');
    for (const file of files) expect(text).toContain(`](${file})`);
  });
});
