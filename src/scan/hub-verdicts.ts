import { type Finding, fingerprint } from '../core/assessment/index.ts';
import type { ArtifactFile } from '../core/index.ts';
import type { Rule } from './scanner/index.ts';

const REFERENCES = { owasp: ['ML06:2023'], atlas: ['AML.T0010', 'AML.T0011.000'], cwe: ['CWE-506'] } as const;

export const HUB_UNSAFE: Rule = {
  id: 'hub.verdict.unsafe',
  title: 'The scanners of the Hub call a file unsafe',
  severity: 'high',
  verdict: 'none',
  explanation:
    'The Hugging Face Hub runs scanners over the files that it serves (an antivirus, a scan of imports, and those of other companies), and at least one of them calls this file unsafe. Assay judges the file by itself: a file that the Hub calls safe is not judged more mildly.',
  remedy: 'Read the report on the page of the file at the Hub, and do not load the file before you know the reason.',
  ...REFERENCES,
};

export const HUB_SUSPICIOUS: Rule = {
  id: 'hub.verdict.suspicious',
  title: 'The scanners of the Hub have a doubt about a file',
  severity: 'low',
  verdict: 'none',
  explanation:
    'At least one of the scanners of the Hugging Face Hub calls this file suspicious, or gives it a status that is neither safe nor unsafe. The Hub says so of many pickles, whose imports it does not list.',
  remedy: 'Read the report on the page of the file at the Hub.',
  ...REFERENCES,
};

export const hubVerdictRules: readonly Rule[] = [HUB_UNSAFE, HUB_SUSPICIOUS];

/** What the Hub says against files. It raises, and its silence lowers nothing. */
export function hubFindings(files: readonly ArtifactFile[]): Finding[] {
  return files.flatMap(({ path, reported }) => {
    if (reported === undefined) return [];
    const rule = reported.status === 'unsafe' ? HUB_UNSAFE : HUB_SUSPICIOUS;
    const { id: ruleId, severity, owasp, atlas, cwe } = rule;
    const who = reported.by.length === 0 ? '' : ` (${reported.by.join(', ')})`;
    const message = `The Hub gives this file the status ${JSON.stringify(reported.status)}${who}.`;
    const place = fingerprint(ruleId, path, undefined, reported.status);
    return [
      { ruleId, severity, message, file: path, evidence: reported.status, owasp, atlas, cwe, fingerprint: place },
    ];
  });
}
