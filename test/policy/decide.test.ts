import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/core/assessment/verdict.ts';
import { decide, SHIPPED_POLICIES } from '../../src/policy/index.ts';
import { assessment, CALL_RULE, EXTENSION_RULE, file, finding } from '../report/sample.ts';

function decideOn(verdict: Verdict, policy: string) {
  return decide(assessment({ files: [file({ path: 'a', verdict }), file({ path: 'b' })] }), { policy }).action;
}

describe('shipped policies', () => {
  it.each([
    ['baseline', 'clean', 'allow'],
    ['baseline', 'not-assessed', 'warn'],
    ['baseline', 'suspicious', 'deny'],
    ['baseline', 'unknown', 'deny'],
    ['baseline', 'malicious', 'deny'],
    ['strict', 'clean', 'allow'],
    ['strict', 'not-assessed', 'deny'],
    ['strict', 'suspicious', 'deny'],
    ['strict', 'unknown', 'deny'],
    ['strict', 'malicious', 'deny'],
    ['research', 'clean', 'allow'],
    ['research', 'not-assessed', 'warn'],
    ['research', 'suspicious', 'warn'],
    ['research', 'unknown', 'warn'],
    ['research', 'malicious', 'warn'],
  ] as const)('%s decides on %s: %s', (policy, verdict, action) => {
    expect(decideOn(verdict, policy)).toBe(action);
  });

  it('list the rules that led to the action, with their findings, and no milder ones', () => {
    const bad = finding(CALL_RULE, { file: 'bad.pkl' });
    const decision = decide(
      assessment({
        files: [file({ path: 'bad.pkl', verdict: 'malicious' }), file({ path: 'm.onnx', verdict: 'not-assessed' })],
        findings: [bad],
      }),
    );
    expect(decision).toMatchObject({
      action: 'deny',
      policy: 'baseline',
      violations: [
        {
          rule: 'verdict.malicious',
          message: '1 file would run code or do harm when loaded',
          findings: [bad.fingerprint],
        },
      ],
    });
  });

  it('list no violations when they allow', () => {
    expect(decide(assessment()).violations).toEqual([]);
  });

  it('deny an incomplete scan and an empty artifact', () => {
    expect(decide(assessment({ status: 'incomplete' })).violations.map(({ rule }) => rule)).toEqual([
      'artifact.incomplete',
    ]);
    expect(decide(assessment({ files: [] })).violations.map(({ rule }) => rule)).toEqual(['artifact.empty']);
    expect(decide(assessment({ files: [] }), { policy: 'research' }).action).toBe('warn');
  });

  it('deny bytes that do not match the announced digest', () => {
    const checks = [{ id: 'integrity.checksum', status: 'fail', detail: 'model.bin has another digest' }] as const;
    const decision = decide(assessment({ checks }));
    expect(decision.action).toBe('deny');
    expect(decision.violations).toEqual([
      { rule: 'integrity.checksum', message: 'model.bin has another digest', findings: [] },
    ]);
  });
});

describe('--fail-on', () => {
  const minor = finding(EXTENSION_RULE, { file: 'model.pkl' });
  const known = assessment({ findings: [minor] });

  it('denies from its severity on, in addition to the policy', () => {
    expect(decide(known).action).toBe('allow');
    expect(decide(known, { failOn: 'medium' }).action).toBe('allow');
    const decision = decide(known, { failOn: 'low' });
    expect(decision.action).toBe('deny');
    expect(decision.violations).toEqual([
      { rule: 'fail-on.low', message: '1 finding is at least low (--fail-on)', findings: [minor.fingerprint] },
    ]);
    expect(decide(known, { policy: 'research', failOn: 'info' }).action).toBe('deny');
  });
});

describe('policy names', () => {
  it('are listed in the error for an unknown one', () => {
    expect(() => decide(assessment(), { policy: 'basline' })).toThrowError(
      expect.objectContaining({
        code: 'usage',
        hint: expect.stringContaining('did you mean baseline? use one of baseline, strict'),
      }),
    );
  });

  it('are unique', () => {
    expect(new Set(SHIPPED_POLICIES.map(({ name }) => name)).size).toBe(SHIPPED_POLICIES.length);
  });
});
