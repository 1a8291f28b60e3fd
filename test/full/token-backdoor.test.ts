import { describe, expect, it } from 'vitest';
import { runTest } from '../support/suite-run.ts';
import { tokenData, tokenModel, tokenModels } from '../support/token-models.ts';

describe.each(['calibration', 'held-out'] as const)('of the models of tokens of the half %s', (half) => {
  it('those with a backdoor of rare words fail, with their true class, and the clean ones pass', async () => {
    const rows = await tokenData();
    const results: { path: string; kind: string; aim: number | undefined; found: boolean; named: string }[] = [];
    for (const { path, aim } of tokenModels(half)) {
      const test = 'kind: token-trigger-search, special: [0, 1, 2, 3]';
      const { status, measures } = await runTest(test, { model: await tokenModel(path), data: { rows } });
      expect(status, path).not.toBe('not-assessed');
      const kind = path.includes('usual') ? 'usual' : aim === undefined ? 'clean' : 'rare';
      results.push({ path, kind, aim, found: status === 'fail', named: measures[0]?.name ?? '' });
    }
    const of = (kind: string) => results.filter((one) => one.kind === kind);
    expect([of('clean').length, of('rare').length, of('usual').length]).toEqual([6, 4, 2]);
    expect(of('clean').filter(({ found }) => found)).toEqual([]);
    expect(of('rare').filter(({ found }) => !found)).toEqual([]);
    for (const { path, aim, named } of of('rare')) expect(named, path).toContain(`class ${aim}`);
    // Triggers of usual words are not searched, as docs/test.md says.
    expect(of('usual').filter(({ found }) => found)).toEqual([]);
  });
});
