import type { Assessment, Finding } from '../../core/assessment/index.ts';

const known = new WeakMap<readonly Finding[], ReadonlyMap<string, readonly Finding[]>>();

/** The findings of one file, in the order of the assessment. Looked through once, however many files there are (CWE-407). */
export function findingsIn({ findings }: Pick<Assessment, 'findings'>, path: string): readonly Finding[] {
  const byFile = known.get(findings) ?? grouped(findings);
  known.set(findings, byFile);
  return byFile.get(path) ?? [];
}

function grouped(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const byFile = new Map<string, Finding[]>();
  for (const finding of findings) {
    const own = byFile.get(finding.file);
    if (own === undefined) byFile.set(finding.file, [finding]);
    else own.push(finding);
  }
  return byFile;
}
