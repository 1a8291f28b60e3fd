import { createHash } from 'node:crypto';
import {
  type Assessment,
  type FileAssessment,
  type Finding,
  NOTHING_DECLARED,
  type Verdict,
  worseVerdict,
} from '../../src/core/assessment/index.ts';
import { type ByteSource, chunks, MemorySource } from '../../src/core/bytes/index.ts';
import { treeDigest } from '../../src/integrity/hash/index.ts';
import { decideBy, type Evaluated } from '../../src/pipeline/evaluate/index.ts';
import { CHANGE_RULES, rulesetOf } from '../../src/scan/rules/index.ts';
import { formatOf, type RepositoryFiles } from './change/index.ts';
import type { RunRules } from './rules.ts';

/** What policies and reports call the change itself: an artifact of the files that findings of the change are in. */
const CHANGE = 'change';

const VERDICT_OF = new Map<string, Verdict>(
  Object.values(CHANGE_RULES).map(({ id, verdict }) => [id, verdict === 'none' ? 'clean' : verdict]),
);

/**
 * Judges the findings on lines of the change as one artifact: by the policy, with waivers that bind to the digest of the files that
 * contain the lines. The verdict of a file is the worst of its findings that no waiver covers.
 */
export async function judgeLines(
  findings: readonly Finding[],
  files: RepositoryFiles,
  { rules, terms }: RunRules,
): Promise<Evaluated> {
  const paths = [...new Set(findings.map(({ file }) => file))].sort();
  const seen = await Promise.all((await contentsOf(paths, files)).map(seenFile));
  const ruleset = rulesetOf(rules.allowances.allowances, rules.lists, rules.allowances.approvedCode);
  const assessment = assessmentOf(seen, findings, ruleset);
  if (findings.length === 0) {
    const { name, digest } = terms.policy;
    const decision = {
      action: 'allow',
      policy: name,
      policyDigest: digest,
      violations: [],
      rules: [],
      waivers: [],
    } as const;
    return { assessment, decision };
  }
  const first = await decideBy(assessment, terms);
  const waived = new Set(first.decision.waivers.flatMap((one) => (one.outcome === 'applied' ? one.findings : [])));
  if (waived.size === 0) return first;
  const open = findings.filter(({ fingerprint }) => !waived.has(fingerprint));
  return decideBy({ ...assessment, files: withVerdicts(seen, open) }, terms);
}

interface SeenFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly format: string;
}

async function contentsOf(
  paths: readonly string[],
  files: RepositoryFiles,
): Promise<readonly { readonly path: string; open(): Promise<ByteSource> }[]> {
  const blobs = await files.read(paths);
  return paths.map((path) => {
    const blob = blobs.get(path);
    if (blob !== undefined) return { path, open: () => blob.open() };
    const commit = files.submodule(path);
    // As git shows a submodule; a file that is gone has no bytes.
    const text = commit === undefined ? '' : `Subproject commit ${commit}\n`;
    return { path, open: async () => new MemorySource(Buffer.from(text), path) };
  });
}

async function seenFile({ path, open }: { readonly path: string; open(): Promise<ByteSource> }): Promise<SeenFile> {
  const source = await open();
  try {
    const { id } = await formatOf(path, source);
    const hash = createHash('sha256');
    for await (const chunk of chunks(source)) hash.update(chunk);
    return { path, size: source.size, sha256: hash.digest('hex'), format: id };
  } finally {
    await source.close();
  }
}

function assessmentOf(
  seen: readonly SeenFile[],
  findings: readonly Finding[],
  ruleset: Assessment['ruleset'],
): Assessment {
  const bytes = seen.reduce((sum, { size }) => sum + size, 0);
  return {
    artifact: { ref: CHANGE, pinned: CHANGE, digest: seen.length === 0 ? null : treeDigest(seen) },
    status: 'complete',
    files: withVerdicts(seen, findings),
    findings,
    checks: [],
    signatures: [],
    declared: NOTHING_DECLARED,
    ruleset,
    notes: [],
    stats: { files: seen.length, bytesTotal: bytes, bytesRead: bytes, durationMs: 0 },
  };
}

function withVerdicts(seen: readonly SeenFile[], open: readonly Finding[]): readonly FileAssessment[] {
  const worst = new Map<string, Verdict>();
  for (const { file, ruleId } of open) {
    worst.set(file, worseVerdict(worst.get(file) ?? 'clean', VERDICT_OF.get(ruleId) ?? 'clean'));
  }
  return seen.map((file) => ({
    ...file,
    digestBasis: 'computed',
    verdict: worst.get(file.path) ?? 'clean',
    imports: [],
    readings: [],
    reasons: [],
    coverage: { ranges: [], gaps: [] },
  }));
}
