import { describe, expect, it } from 'vitest';
import type { RuleOutcome, Waiver } from '../../../src/core/assessment/decision.ts';
import { WAIVER_RULES } from '../../../src/core/assessment/waiver-rules.ts';
import { endOfWaiver } from '../../../src/policy/waivers/end.ts';
import { judgeWaivers, waiveRules, withWaiverFindings } from '../../../src/policy/waivers/waivers.ts';
import { RULES } from '../../../src/scan/rules/catalogue.ts';
import { assessment, CALL_RULE, file, finding, UNLISTED_RULE } from '../../report/sample.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const DIGEST = assessment().artifact.digest ?? '';
const OTHER = `sha256:${'00'.repeat(32)}`;

function waiver(over: Partial<Waiver> = {}): Waiver {
  return {
    rule: UNLISTED_RULE.id,
    digest: DIGEST,
    reason: 'our own class',
    owner: 'ml-platform',
    expires: '2026-07-01',
    from: 'waivers.yaml',
    ...over,
  };
}

const suspicious = assessment({
  files: [file({ path: 'a.pkl', verdict: 'suspicious' }), file({ path: 'b.pkl', verdict: 'suspicious' })],
  findings: [finding(UNLISTED_RULE, { file: 'a.pkl' }), finding(UNLISTED_RULE, { file: 'b.pkl' })],
});
const [inA, inB] = suspicious.findings.map((one) => one.fingerprint);

function outcomes(waivers: readonly Waiver[], over = suspicious, now = NOW) {
  return judgeWaivers(over, waivers, now).judged.map(({ outcome }) => outcome);
}

describe('a waiver of a catalogue rule', () => {
  it('waives the findings of the rule, and the verdicts that depend on nothing else', () => {
    const { waived, waivedFiles, judged, findings } = judgeWaivers(suspicious, [waiver()], NOW);
    expect([...waived]).toEqual([inA, inB]);
    expect([...waivedFiles]).toEqual(['a.pkl', 'b.pkl']);
    expect(judged).toMatchObject([{ outcome: 'applied', findings: [inA, inB] }]);
    expect(findings).toEqual([]);
  });

  it('applies to its file only', () => {
    const { waived, waivedFiles } = judgeWaivers(suspicious, [waiver({ file: 'b.pkl' })], NOW);
    expect([...waived]).toEqual([inB]);
    expect([...waivedFiles]).toEqual(['b.pkl']);
  });

  it('does not waive a verdict that has another cause', () => {
    const { files, findings } = suspicious;
    const other = finding({ ...UNLISTED_RULE, id: 'structure.odd' }, { file: 'a.pkl' });
    const withOther = { ...suspicious, findings: [...findings, other] };
    expect([...judgeWaivers(withOther, [waiver()], NOW).waivedFiles]).toEqual(['b.pkl']);
    const stopped = files.map((one) => ({ ...one, reasons: ['a member was not read'] }));
    expect(judgeWaivers({ ...suspicious, files: stopped }, [waiver()], NOW).waivedFiles.size).toBe(0);
    const unread = files.map((one) => ({ ...one, coverage: { ranges: [], gaps: [{ start: 0, end: 9 }] } }));
    expect(judgeWaivers({ ...suspicious, files: unread }, [waiver()], NOW).waivedFiles.size).toBe(0);
  });

  it('is unused when the rule has no findings', () => {
    expect(outcomes([waiver({ rule: 'zip.member.traversal' }), waiver({ file: 'c.pkl' })])).toEqual([
      'unused',
      'unused',
    ]);
  });
});

describe('a waiver of a verdict', () => {
  it('waives the verdict but not its findings', () => {
    const { waived, waivedFiles, judged } = judgeWaivers(suspicious, [waiver({ rule: 'verdict.suspicious' })], NOW);
    expect(waived.size).toBe(0);
    expect([...waivedFiles]).toEqual(['a.pkl', 'b.pkl']);
    expect(judged).toMatchObject([{ outcome: 'applied', findings: [] }]);
  });

  it.each(['unknown', 'not-assessed'] as const)('can waive %s', (verdict) => {
    const one = assessment({ files: [file({ path: 'a.pkl', verdict, reasons: ['why'] })] });
    const { waivedFiles } = judgeWaivers(one, [waiver({ rule: `verdict.${verdict}` })], NOW);
    expect([...waivedFiles]).toEqual(['a.pkl']);
  });

  it('is unused for clean files', () => {
    expect(outcomes([waiver({ rule: 'verdict.clean' })], assessment())).toEqual(['unused']);
  });
});

describe('a void waiver', () => {
  it('gives a finding when it expires', () => {
    const { waived, waivedFiles, judged, findings } = judgeWaivers(
      suspicious,
      [waiver({ expires: '2026-06-01' })],
      NOW,
    );
    expect(waived.size + waivedFiles.size).toBe(0);
    expect(judged).toMatchObject([{ outcome: 'expired', findings: [] }]);
    expect(findings).toMatchObject([{ ruleId: 'waiver.expired', file: 'a.pkl', severity: 'low' }]);
    expect(findings[0]?.message).toContain('2026-06-01');
    expect(outcomes([waiver({ expires: '2026-06-01' })], suspicious, new Date('2026-05-31T23:59:59.999Z'))).toEqual([
      'applied',
    ]);
  });

  it.each(['', 'never', '2026-02-30', '2026-07-01T24:00:00Z', '2026-07-01T00:00:00+02:00', '9999'])(
    'is expired when its end is not a valid time: %j',
    (expires) => {
      expect(Number.isNaN(endOfWaiver(expires).getTime())).toBe(true);
      expect(outcomes([waiver({ expires })])).toEqual(['expired']);
    },
  );

  it('gives a finding when the bytes changed, and none when it would waive nothing', () => {
    const { waived, judged, findings } = judgeWaivers(
      suspicious,
      [waiver({ digest: OTHER }), waiver({ digest: OTHER, rule: 'zip.member.traversal' })],
      NOW,
    );
    expect(waived.size).toBe(0);
    expect(judged.map(({ outcome }) => outcome)).toEqual(['other-artifact', 'other-artifact']);
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(['waiver.other-artifact']);
    expect(findings[0]?.message).toContain(OTHER);
  });

  it.each([
    ['no digest', { artifact: { ...suspicious.artifact, digest: null } }],
    ['an incomplete scan', { status: 'incomplete' as const }],
    [
      'claimed digests of a server without a pin',
      {
        artifact: { ref: 'https://h/m.pkl', pinned: 'https://h/m.pkl', digest: DIGEST },
        files: suspicious.files.map((one) => ({ ...one, digestBasis: 'claimed' as const })),
      },
    ],
    [
      'claimed digests of a Hub branch',
      {
        artifact: { ref: 'hf://acme/model', pinned: 'hf://acme/model@main', digest: DIGEST },
        files: suspicious.files.map((one) => ({ ...one, digestBasis: 'claimed' as const })),
      },
    ],
  ])('cannot bind to %s', (_, over) => {
    const { waived, judged, findings } = judgeWaivers({ ...suspicious, ...over }, [waiver()], NOW);
    expect(waived.size).toBe(0);
    expect(judged).toMatchObject([{ outcome: 'other-artifact' }]);
    expect(findings[0]?.message).toContain('was not computed from its bytes');
  });

  it('binds to claimed digests of a Hub commit', () => {
    const files = suspicious.files.map((one) => ({ ...one, digestBasis: 'claimed' as const }));
    expect(outcomes([waiver()], { ...suspicious, files })).toEqual(['applied']);
  });
});

describe('a waiver is refused for', () => {
  const malicious = assessment({
    files: [file({ path: 'a.pkl', verdict: 'malicious' }), file({ path: 'b.pkl', verdict: 'suspicious' })],
    findings: [
      finding(CALL_RULE, { file: 'a.pkl' }),
      finding(UNLISTED_RULE, { file: 'a.pkl' }),
      finding(UNLISTED_RULE, { file: 'b.pkl' }),
    ],
  });

  it('a malicious verdict and every finding of a malicious file', () => {
    const { waived, waivedFiles, judged, findings } = judgeWaivers(
      malicious,
      [
        waiver({ rule: 'verdict.malicious' }),
        waiver({ rule: CALL_RULE.id }),
        waiver({ rule: UNLISTED_RULE.id, file: 'a.pkl' }),
        waiver({ rule: UNLISTED_RULE.id }),
      ],
      NOW,
    );
    expect(judged.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'refused', 'applied']);
    expect([...waived]).toEqual([malicious.findings[2]?.fingerprint]);
    expect([...waivedFiles]).toEqual(['b.pkl']);
    expect(findings.map(({ ruleId }) => ruleId)).toEqual(Array(4).fill('waiver.refused'));
  });

  it.each(['artifact.empty', 'artifact.incomplete', 'fail-on.high', 'waiver.expired', 'waiver.refused'])(
    '%s',
    (rule) => {
      expect(outcomes([waiver({ rule })])).toEqual(['refused']);
    },
  );

  it.each(['integrity.checksum', 'integrity.signature', 'integrity.attestation'])('a failed check %s', (id) => {
    const failed = { ...suspicious, checks: [{ id, status: 'fail', detail: 'no' } as const] };
    expect(outcomes([waiver({ rule: id })], failed)).toEqual(['refused']);
    const denied: RuleOutcome[] = [{ id, outcome: 'deny', message: 'no', findings: [] }];
    const { judged } = judgeWaivers(failed, [waiver({ rule: id })], NOW);
    expect(waiveRules(failed, judged, denied).rules).toEqual(denied);
  });
});

describe('a waiver of a policy rule', () => {
  const rules: readonly RuleOutcome[] = [
    { id: 'licence', outcome: 'deny', message: 'no licence', findings: [] },
    { id: 'signed', outcome: 'unavailable', message: 'no key', findings: [] },
    { id: 'broken', outcome: 'error', message: 'no such field', findings: [] },
    { id: 'fine', outcome: 'pass', message: '', findings: [] },
  ];
  const settle = (waivers: readonly Waiver[], over = suspicious) =>
    waiveRules(over, judgeWaivers(over, waivers, NOW).judged, rules);

  it('turns a denial into a note that names its owner and its end', () => {
    const settled = settle([waiver({ rule: 'licence' }), waiver({ rule: 'signed' }), waiver({ rule: 'fine' })]);
    expect(settled.judged.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'unused']);
    expect(settled.rules.map(({ outcome }) => outcome)).toEqual(['audit', 'audit', 'error', 'pass']);
    expect(settled.rules[0]?.message).toBe('waived by ml-platform until 2026-07-01: no licence');
  });

  it('does not waive a rule that could not be evaluated', () => {
    expect(settle([waiver({ rule: 'broken' })]).rules).toEqual(rules);
  });

  it('does not apply when it names a single file', () => {
    expect(settle([waiver({ rule: 'licence', file: 'a.pkl' })]).rules).toEqual(rules);
  });

  it.each([{ expires: '2026-05-01' }, { digest: OTHER }])('has no effect when it is void: %j', (over) => {
    expect(settle([waiver({ rule: 'licence', ...over })]).rules).toEqual(rules);
  });

  it('is refused while a file is malicious or an integrity check fails, since the rule may require just that', () => {
    const bad = { ...suspicious, files: [...suspicious.files, file({ path: 'c.pkl', verdict: 'malicious' })] };
    const changed = { ...suspicious, checks: [{ id: 'integrity.checksum', status: 'fail', detail: '' } as const] };
    for (const over of [bad, changed]) {
      const settled = settle([waiver({ rule: 'licence' })], over);
      expect(settled.rules).toEqual(rules);
      expect(settled.judged).toMatchObject([{ outcome: 'refused' }]);
    }
  });

  it('does not replace a waiver of the verdict with the same name', () => {
    const denied: RuleOutcome[] = [{ id: 'verdict.suspicious', outcome: 'deny', message: '2 files', findings: [] }];
    const { judged } = judgeWaivers(suspicious, [waiver({ rule: 'verdict.suspicious', file: 'a.pkl' })], NOW);
    expect(waiveRules(suspicious, judged, denied).rules).toEqual(denied);
  });
});

describe('the findings that waivers add to an assessment', () => {
  it('are added once, and change nothing of what is waived', () => {
    const waivers = [waiver({ file: 'a.pkl' }), waiver({ file: 'b.pkl', expires: '2026-01-01' })];
    const once = withWaiverFindings(suspicious, waivers, NOW);
    expect(once.findings).toHaveLength(3);
    expect(withWaiverFindings(once, waivers, NOW)).toBe(once);
    const [before, after] = [suspicious, once].map((one) => judgeWaivers(one, waivers, NOW));
    expect(after?.waived).toEqual(before?.waived);
    expect(after?.waivedFiles).toEqual(before?.waivedFiles);
    expect(after?.judged).toEqual(before?.judged);
  });

  it('equal their rules in the catalogue', () => {
    for (const rule of Object.values(WAIVER_RULES)) expect(RULES.get(rule.id)).toMatchObject(rule);
  });
});
