import { type Finding, fingerprint } from '../../../src/core/assessment/index.ts';
import type { ChangeRule } from '../../../src/scan/rules/index.ts';

/** What is found in a change itself, in one of its files. @param subject names it across runs, whatever the message says */
export function changeFinding(rule: ChangeRule, file: string, message: string, subject = '', line?: number): Finding {
  const { owasp, atlas, cwe, severity, id } = rule;
  return {
    ruleId: id,
    severity,
    message,
    file,
    ...(line === undefined ? {} : { line }),
    owasp,
    atlas,
    cwe,
    fingerprint: fingerprint(id, file, undefined, subject),
  };
}
