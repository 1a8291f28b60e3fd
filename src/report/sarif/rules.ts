import type { Severity } from '../../core/assessment/index.ts';
import type { RuleInfo } from '../context.ts';

/** GitHub's scale: over 9 critical, 7 high, 4 medium. */
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: '9.0',
  high: '7.0',
  medium: '4.0',
  low: '2.0',
  info: '0.0',
};

const LEVELS: Readonly<Record<Severity, string>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'note',
};

/** GitHub shows at most 20 tags of a rule. */
const MAX_TAGS = 20;

/** A rule as a SARIF `reportingDescriptor`, with the help that GitHub shows beside an alert. */
export function sarifRule(rule: RuleInfo) {
  const text = [rule.explanation, rule.remedy && `Remedy: ${rule.remedy}`].filter(Boolean).join('\n\n');
  const references = [...rule.owasp, ...rule.atlas, ...rule.cwe];
  const markdown = references.length > 0 ? `${text}\n\nReferences: ${references.map(referenceLink).join(', ')}` : text;
  const [helpUri] = [...rule.cwe, ...rule.atlas, ...rule.owasp].flatMap((one) => referenceAddress(one) ?? []);
  return {
    id: rule.id,
    name: rule.title,
    shortDescription: { text: rule.title },
    fullDescription: { text: rule.explanation },
    help: { text, markdown },
    ...(helpUri === undefined ? {} : { helpUri }),
    defaultConfiguration: { level: LEVELS[rule.severity] },
    properties: {
      tags: ['security', ...rule.cwe.map(cweTag), ...rule.owasp, ...rule.atlas].slice(0, MAX_TAGS),
      precision: 'high',
      'security-severity': SECURITY_SEVERITY[rule.severity],
    },
  };
}

/** `CWE-502` as GitHub filters by it. */
function cweTag(cwe: string): string {
  return `external/cwe/${cwe.toLowerCase()}`;
}

function referenceLink(reference: string): string {
  const address = referenceAddress(reference);
  return address === undefined ? reference : `[${reference}](${address})`;
}

/** The page that defines a CWE, ATLAS technique or OWASP risk. */
export function referenceAddress(reference: string): string | undefined {
  const cwe = /^CWE-(\d+)$/.exec(reference)?.[1];
  if (cwe !== undefined) return `https://cwe.mitre.org/data/definitions/${cwe}.html`;
  if (/^AML\.T\d{4}(\.\d{3})?$/.test(reference)) return `https://atlas.mitre.org/techniques/${reference}`;
  if (/^ML\d\d:\d{4}$/.test(reference)) return 'https://owasp.org/www-project-machine-learning-security-top-10/';
  return undefined;
}
