import { type Finding, severityRank } from '../core/assessment/index.ts';

/** The findings of each file by its path, worst first. */
export function findingsByFile(findings: readonly Finding[]): ReadonlyMap<string, readonly Finding[]> {
  const found = new Map<string, Finding[]>();
  for (const finding of findings) {
    const known = found.get(finding.file);
    if (known === undefined) found.set(finding.file, [finding]);
    else known.push(finding);
  }
  for (const own of found.values()) own.sort((a, b) => severityRank(b.severity) - severityRank(a.severity));
  return found;
}
