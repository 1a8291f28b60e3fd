import type { Finding } from './finding.ts';

export type WaiverRule = Pick<Finding, 'severity' | 'owasp' | 'atlas' | 'cwe'> & { readonly id: string };

const SUPPLY_CHAIN = { owasp: ['ML06:2023'], atlas: ['AML.T0010'] } as const;

/** The rules under which void waivers are reported: the catalogue explains these rules, policies report them. */
export const WAIVER_RULES = {
  expired: { id: 'waiver.expired', severity: 'low', ...SUPPLY_CHAIN, cwe: ['CWE-672'] },
  'other-artifact': { id: 'waiver.other-artifact', severity: 'low', ...SUPPLY_CHAIN, cwe: ['CWE-353'] },
  refused: { id: 'waiver.refused', severity: 'medium', ...SUPPLY_CHAIN, cwe: ['CWE-285'] },
} as const satisfies Readonly<Record<string, WaiverRule>>;
