import { createHash } from 'node:crypto';
import type { Artifact } from '../../src/core/artifact.ts';
import type { Assessment, FileAssessment } from '../../src/core/assessment/assessment.ts';
import { NOTHING_DECLARED } from '../../src/core/assessment/declared.ts';
import { chunks } from '../../src/core/bytes/byte-source.ts';
import type { Judge, PullJudgement } from '../../src/pipeline/pull/pull.ts';

/** Marks bytes that the stub judges as malicious. */
export const EVIL = 'EVIL';

/**
 * Replaces the scanner where a test is about fetching and writing: denies files that contain `EVIL`, reads near files
 * completely and the two ends of far files, as a scan does.
 */
export function stubJudge(seen: Artifact[] = []): Judge {
  return async (artifact) => {
    seen.push(artifact);
    const files: FileAssessment[] = [];
    let evil = false;
    for (const file of artifact.files) {
      const source = await file.open();
      const hash = createHash('sha256');
      const far = file.distance === 'far';
      const parts = far ? [await source.read(0, 4096), await source.read(source.size - 512, 512)] : chunks(source);
      for await (const part of parts) {
        hash.update(part);
        evil ||= Buffer.from(part).includes(EVIL);
      }
      await source.close();
      files.push({
        path: file.path,
        size: file.size,
        format: 'data',
        sha256: far ? (file.claimed?.hex ?? null) : hash.digest('hex'),
        digestBasis: far ? 'claimed' : 'computed',
        verdict: evil ? 'malicious' : 'clean',
        imports: [],
        readings: [],
        reasons: [],
        coverage: { ranges: [], gaps: [] },
      });
    }
    return judgement(artifact, files, evil);
  };
}

function judgement(artifact: Artifact, files: readonly FileAssessment[], evil: boolean): PullJudgement {
  const assessment: Assessment = {
    artifact: { ref: artifact.ref, pinned: artifact.pinned, digest: null },
    status: 'complete',
    files,
    findings: [],
    checks: [],
    signatures: [],
    declared: NOTHING_DECLARED,
    ruleset: { version: 'stub', digest: 'stub' },
    notes: artifact.notes,
    stats: { files: files.length, bytesTotal: 0, bytesRead: 0, durationMs: 0 },
  };
  const action = evil ? 'deny' : 'allow';
  return {
    assessment,
    decision: { action, policy: 'stub', policyDigest: 'stub', violations: [], rules: [], waivers: [] },
  };
}
