import { type Finding, fingerprint, worseVerdict } from '../core/assessment/index.ts';
import type { Artifact } from '../core/index.ts';
import { type CodeApproval, type CodeJudgement, judgeRepository } from '../scan/repository/index.ts';
import type { AssessedFile } from './assess-file.ts';

/** Judges the code of an artifact as a whole, and adds what that says of each file to the file. */
export function joinCode(
  artifact: Artifact,
  assessed: readonly AssessedFile[],
  approvals: readonly CodeApproval[],
): readonly AssessedFile[] {
  // An approval holds for bytes that were read, not for those that a server says it has.
  const files = assessed.map(({ file: { path, sha256, digestBasis }, code }) => ({
    path,
    sha256: digestBasis === 'computed' ? sha256 : null,
    code,
  }));
  const byFile = new Map<string, CodeJudgement[]>();
  for (const one of judgeRepository({ ref: artifact.ref, files, approvals })) {
    const known = byFile.get(one.file);
    if (known === undefined) byFile.set(one.file, [one]);
    else known.push(one);
  }
  return assessed.map((one) => judged(one, byFile.get(one.file.path) ?? []));
}

function judged(one: AssessedFile, judgements: readonly CodeJudgement[]): AssessedFile {
  if (judgements.length === 0) return one;
  const { file, findings } = one;
  const verdict = judgements.reduce(
    (worst, judgement) => (judgement.verdict === 'none' ? worst : worseVerdict(worst, judgement.verdict)),
    file.verdict,
  );
  const reasons = judgements.flatMap(({ reason }) => reason ?? []);
  return {
    ...one,
    file: { ...file, verdict, reasons: [...file.reasons, ...reasons] },
    findings: [...findings, ...judgements.flatMap((judgement) => findingOf(file.path, judgement) ?? [])],
  };
}

function findingOf(file: string, { finding }: CodeJudgement): Finding | undefined {
  if (finding === undefined) return undefined;
  const { rule, member, message, subject, line, evidence } = finding;
  const { id, severity, owasp, atlas, cwe } = rule;
  return {
    ruleId: id,
    severity,
    message,
    file,
    ...(member === undefined ? {} : { member }),
    ...(line === undefined ? {} : { line }),
    ...(evidence === undefined ? {} : { evidence }),
    owasp,
    atlas,
    cwe,
    fingerprint: fingerprint(id, file, member, subject),
  };
}
