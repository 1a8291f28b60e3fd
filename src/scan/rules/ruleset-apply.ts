import { type Assessment, type Finding, fingerprint } from '../../core/assessment/index.ts';
import type { Advisory, RuleLists } from '../lists/index.ts';
import type { Rule } from '../scanner/index.ts';

export const ADVISED: Rule = {
  id: 'advisory.file',
  title: 'An advisory names a file',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The installed rules hold an advisory with the digest of exactly this file: an analyst found that the file is harmful, independent of the result of a scan.',
  remedy: 'Do not load the file. Read the advisory, and find out where the file was downloaded from.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-506'],
};

export const advisoryRules: readonly Rule[] = [ADVISED];

/**
 * Applies the parts of installed rules other than names: files that advisories name are malicious, and severities are replaced.
 */
export function applyLists(assessment: Assessment, { advisories, severities }: RuleLists): Assessment {
  if (advisories.size + severities.size === 0) return assessment;
  const advised = assessment.files.flatMap(({ path, sha256 }) => {
    const advisory = sha256 === null ? undefined : advisories.get(sha256);
    return advisory === undefined ? [] : [advisoryFinding(path, advisory)];
  });
  const paths = new Set(advised.map(({ file }) => file));
  return {
    ...assessment,
    files: assessment.files.map((file) => (paths.has(file.path) ? { ...file, verdict: 'malicious' } : file)),
    findings: [...advised, ...assessment.findings].map((finding) => {
      return { ...finding, severity: severities.get(finding.ruleId) ?? finding.severity };
    }),
  };
}

function advisoryFinding(file: string, { id, title, url }: Advisory): Finding {
  const { id: ruleId, severity, owasp, atlas, cwe } = ADVISED;
  return {
    ruleId,
    severity,
    message: `The advisory ${id} names this file: ${title}${url === undefined ? '' : ` (${url})`}`,
    file,
    evidence: id,
    owasp,
    atlas,
    cwe,
    fingerprint: fingerprint(ruleId, file, undefined, id),
  };
}
