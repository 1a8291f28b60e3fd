import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

export const SKOPS_RULES = {
  mismatch: {
    id: 'skops.loader-mismatch',
    title: 'A skops file makes another object than the one that skops checks',
    severity: 'critical',
    verdict: 'malicious',
    explanation:
      'A node of schema.json names a class, which skops shows and checks, and a loader, which decides what is made. Here they contradict each other: an operator of another module, a method of an object of another class, a tree that is not a tree. Releases before 0.12 then import and call what nobody checked (CVE-2025-54412, CVE-2025-54413).',
    remedy: 'Do not load the file. No release of skops writes such a node.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-502', 'CWE-351'],
  },
  structure: structureRule(
    'skops.structure',
    'The schema of a skops file contradicts itself',
    'A node has an unknown loader, two nodes that differ have one id, a node holds itself, or a member that the schema names is not in the archive. Releases of skops differ on what they make of it. Assay judges what each of them would make.',
  ),
} as const satisfies Record<string, Rule>;
