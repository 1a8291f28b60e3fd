import { describe, expect, it } from 'vitest';
import { packageOf } from '../../../src/scan/lists/allowlists.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { BUILT_IN_LISTS, type RuleLists } from '../../../src/scan/lists/rule-lists.ts';

/** Lists that contain these names alone, "module:name". */
function listsOf(...names: readonly string[]): RuleLists {
  const entries = new Map(
    names.map((key) => {
      const [module = '', name = ''] = key.split(':');
      const entry = { ...[...BUILT_IN_LISTS.entries()][0], module, name };
      return [key, entry as ReturnType<typeof BUILT_IN_LISTS.listed> & object];
    }),
  );
  return {
    ...BUILT_IN_LISTS,
    listed: (module, name) => entries.get(`${module}:${name}`),
    entries: () => entries.values(),
    hasPackage: (name) => [...entries.values()].some(({ module }) => packageOf(module) === name),
    dangerOf: () => undefined,
  };
}

const python2 = (module: string, name: string) => ({ module, name, mapped: true });

describe('a global that Python 3 maps', () => {
  it('is listed only if both possible names are listed', () => {
    const before = python2('multiprocessing', 'TimeoutError');
    const standing = (...names: string[]) => createGlobalPolicy({ lists: listsOf(...names) }).standing(before).kind;
    expect(standing('multiprocessing:TimeoutError')).toBe('unlisted');
    expect(standing('multiprocessing.context:TimeoutError')).toBe('unlisted');
    expect(standing('multiprocessing:TimeoutError', 'multiprocessing.context:TimeoutError')).toBe('listed');
  });

  it('is listed by the existing name when the other module exists in Python 2 only', () => {
    const policy = createGlobalPolicy({ lists: listsOf('builtins:set') });
    expect(policy.standing(python2('__builtin__', 'set')).kind).toBe('listed');
  });

  it('is not listed when the artifact contains the Python 2 module', () => {
    const policy = createGlobalPolicy({ lists: listsOf('builtins:set'), provided: new Set(['__builtin__']) });
    expect(policy.standing(python2('__builtin__', 'set')).kind).not.toBe('listed');
  });
});

describe('resolving a global', () => {
  const policy = createGlobalPolicy({ lists: listsOf('numpy:ndarray'), provided: new Set(['helpers']) });
  it.each([
    ['os', 'path', true],
    ['os', 'sin', false],
    ['math', 'sin', true],
    ['antigravity', 'fly', true],
    ['numpy.linalg', 'whatever', true],
    ['helpers', 'run', true],
    ['at', 'dog', false],
    ['antigravity.\0', 'fly', true],
    ['onfig.json\0', 'x', false],
  ])('%j %j gives %s', (module, name, answer) => {
    expect(policy.resolves({ module, name, mapped: false })).toBe(answer);
  });
});
