import { describe, expect, it } from 'vitest';
import { mapOwasp, OWASP_RISKS, owaspCoverage } from '../../src/report/owasp.ts';
import { assessment, CALL_RULE, EXTENSION_RULE, file, finding, mixed, signature } from './sample.ts';

describe('what a scan says of the OWASP ML Top 10', () => {
  it('has all ten risks, and passes none that nothing looked at', () => {
    const { risks, open } = mapOwasp(assessment());
    expect(Object.keys(risks)).toEqual(Object.keys(OWASP_RISKS));
    expect(
      Object.entries(risks)
        .filter(([, { status }]) => status === 'pass')
        .map(([id]) => id),
    ).toEqual(['ML06:2023']);
    for (const [id, risk] of Object.entries(risks)) {
      if (id === 'ML06:2023') continue;
      expect(risk).toMatchObject({ status: 'not-assessed', evidence: 'none', findings: [] });
      expect(open.find((check) => check.id === risk.checks[0])?.detail).toContain(id);
    }
    expect(owaspCoverage(risks)).toEqual({ assessed: 1, direct: 1, of: 10 });
  });

  it('fails the supply chain on a harmful file, directly, and names the findings', () => {
    const known = mixed().assessment;
    expect(mapOwasp(known).risks['ML06:2023']).toMatchObject({
      status: 'fail',
      evidence: 'direct',
      findings: known.findings.map(({ fingerprint }) => fingerprint),
    });
  });

  it('knows of poisoned weights what a signature says: never that all is well', () => {
    const risk = (...signatures: ReturnType<typeof signature>[]) =>
      mapOwasp(assessment({ signatures })).risks['ML10:2023'];
    expect(risk(signature())).toMatchObject({ status: 'partial', evidence: 'direct' });
    expect(risk(signature({ status: 'failed' }))).toMatchObject({ status: 'fail', evidence: 'direct' });
    expect(risk(signature({ status: 'not-assessed' }))).toMatchObject({ status: 'not-assessed', evidence: 'none' });
    expect(risk()).toMatchObject({ status: 'not-assessed' });
  });

  it('passes it only when every file was judged', () => {
    const status = (known: Parameters<typeof assessment>[0]) => mapOwasp(assessment(known)).risks['ML06:2023']?.status;
    expect(status({ files: [file({ path: 'a' })] })).toBe('pass');
    expect(status({ files: [file({ path: 'a' }), file({ path: 'b', verdict: 'not-assessed' })] })).toBe('partial');
    expect(status({ files: [file({ path: 'a' }), file({ path: 'b', verdict: 'unknown' })] })).toBe('partial');
    expect(status({ files: [file({ path: 'a' })], status: 'incomplete' })).toBe('partial');
    expect(status({ files: [file({ path: 'a', verdict: 'unknown' })] })).toBe('not-assessed');
    expect(status({ files: [] })).toBe('not-assessed');
    expect(status({ checks: [{ id: 'integrity.checksum', status: 'fail', detail: 'x' }] })).toBe('fail');
    expect(status({ findings: [finding(EXTENSION_RULE, { file: 'model.pkl' })] })).toBe('pass');
  });

  it('lets a finding fail its own risk', () => {
    const found = { ...finding(CALL_RULE, { file: 'model.pkl' }), owasp: ['ML10:2023'] };
    const { risks, open } = mapOwasp(assessment({ findings: [found] }));
    expect(risks['ML10:2023']).toEqual({
      status: 'fail',
      evidence: 'direct',
      detail: expect.any(String),
      checks: [],
      findings: [found.fingerprint],
    });
    expect(open.some(({ id }) => id === 'integrity.weights')).toBe(false);
  });

  it('does not ask again what a check of the assessment already asks', () => {
    const checks = [{ id: 'behavior.adversarial', status: 'not-assessed', detail: 'no suite was given' }] as const;
    expect(mapOwasp(assessment({ checks })).open.some(({ id }) => id === 'behavior.adversarial')).toBe(false);
  });
});
