import type { Severity } from '../../core/assessment/index.ts';

/** One rule of the catalogue. Scanners name it; `assay explain` shows it; reports carry its references. */
export interface Rule {
  /** Dotted, `area.subject.fault`; stable. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** The verdict that a finding of this rule gives a file; `none` for advice. */
  readonly verdict: 'malicious' | 'suspicious' | 'unknown' | 'none';
  /** What the rule looks for, and why loading such a file is dangerous: a paragraph for a person. */
  readonly explanation: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly owasp: readonly string[];
  readonly atlas: readonly string[];
  readonly cwe: readonly string[];
}

/** The references that most rules about code in artifacts share: AI supply chain, unsafe artifacts, deserialization. */
export const SUPPLY_CHAIN = {
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-502'],
} as const;
