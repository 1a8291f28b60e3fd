import type { JudgedWaiver, Waiver, WaiverOutcome } from '../../src/core/assessment/decision.ts';
import type { Judged } from '../../src/report/index.ts';
import { assessment, file, finding, judged, UNLISTED_RULE } from './sample.ts';

export function judgedWaiver(
  outcome: WaiverOutcome,
  over: Partial<Waiver> = {},
  findings: string[] = [],
): JudgedWaiver {
  return {
    waiver: {
      rule: UNLISTED_RULE.id,
      digest: `sha256:${'ab12'.repeat(16)}`,
      reason: 'our own class, reviewed in SEC-142',
      owner: 'ml-platform@acme.example',
      expires: '2027-01-31',
      from: 'waivers.yaml',
      ...over,
    },
    outcome,
    findings,
  };
}

/** Two findings of one rule, one of them waived; an unassessed file that is waived; an unknown file. */
export function waivedSample(over: Partial<Waiver> = {}): Judged {
  const files = [
    file({ path: 'a.pkl', verdict: 'suspicious' }),
    file({ path: 'b.pkl', verdict: 'suspicious' }),
    file({ path: 'm.onnx', format: 'onnx', verdict: 'not-assessed', reasons: ['no scanner judges ONNX yet'] }),
    file({ path: 'u.pkl', verdict: 'unknown', reasons: ['the pickle ends before its STOP'] }),
  ];
  const findings = [
    finding(UNLISTED_RULE, { file: 'a.pkl', message: 'Constructs acme.Table, which is not listed' }),
    finding(UNLISTED_RULE, { file: 'b.pkl', message: 'Constructs acme.Table, which is not listed' }),
  ];
  const [first] = findings;
  const one = judged(assessment({ files, findings }));
  return {
    ...one,
    decision: {
      ...one.decision,
      waivers: [
        judgedWaiver('applied', { file: 'a.pkl', ...over }, [first?.fingerprint ?? '']),
        judgedWaiver('applied', { ...over, rule: 'verdict.not-assessed' }),
        judgedWaiver('expired', { ...over, expires: '2020-01-01' }),
        judgedWaiver('other-artifact', over),
        judgedWaiver('refused', { ...over, rule: 'verdict.malicious' }),
        judgedWaiver('unused', { ...over, rule: 'zip.member.traversal' }),
      ],
    },
  };
}
