import { createHash } from 'node:crypto';
import type { Assessment, FileAssessment, Ruleset } from '../../src/core/assessment/assessment.ts';
import { NOTHING_DECLARED } from '../../src/core/assessment/declared.ts';
import { type Finding, fingerprint } from '../../src/core/assessment/finding.ts';
import type { Verdict } from '../../src/core/assessment/verdict.ts';

export const RULESET: Ruleset = { version: '2026.11.2', digest: `sha256:${'a'.repeat(64)}` };
export const NEWER_RULESET: Ruleset = { version: '2026.12.1', digest: `sha256:${'b'.repeat(64)}` };

export function digestOf(name: string): string {
  return `sha256:${createHash('sha256').update(name).digest('hex')}`;
}

export function commitOf(name: string): string {
  return createHash('sha1').update(name).digest('hex');
}

export interface Sample {
  /** Determines the bytes: another name gives other bytes. */
  readonly name?: string;
  readonly files?: number;
  readonly verdict?: Verdict;
  readonly findings?: readonly Finding[];
  readonly ruleset?: Ruleset;
  readonly artifact?: Partial<Assessment['artifact']>;
}

/** The assessment of a folder of safetensors, all clean by default. */
export function assessmentOf(sample: Sample = {}): Assessment {
  const { name = 'one', files = 2, verdict = 'clean', findings = [], ruleset = RULESET } = sample;
  const commit = commitOf(name);
  return {
    artifact: {
      ref: 'hf://acme/model',
      pinned: `hf://acme/model@${commit}`,
      digest: digestOf(name),
      ...sample.artifact,
    },
    status: 'complete',
    files: Array.from({ length: files }, (_, index) => fileOf(name, index, index === 0 ? verdict : 'clean')),
    findings,
    checks: [{ id: 'integrity.checksum', status: 'pass', detail: 'every file has the announced digest' }],
    signatures: [],
    declared: NOTHING_DECLARED,
    ruleset,
    notes: [],
    stats: { files, bytesTotal: files * 1000, bytesRead: files * 1000, durationMs: 12 },
  };
}

function fileOf(name: string, index: number, verdict: Verdict): FileAssessment {
  const size = 1000;
  return {
    path: `weights-${index}.safetensors`,
    size,
    format: 'safetensors',
    sha256: createHash('sha256').update(`${name} ${index}`).digest('hex'),
    digestBasis: 'computed',
    verdict,
    imports: [],
    readings: [],
    reasons: [],
    coverage: { ranges: [{ start: 0, end: size, kind: 'parsed' }], gaps: [] },
  };
}

export function findingOf(ruleId: string, file = 'weights-0.safetensors', subject = ''): Finding {
  return {
    ruleId,
    severity: 'medium',
    message: 'something that no listed model does',
    file,
    owasp: ['ML06:2023'],
    atlas: [],
    cwe: [],
    fingerprint: fingerprint(ruleId, file, undefined, subject),
  };
}
