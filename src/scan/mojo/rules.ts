import { type Rule, SUPPLY_CHAIN } from '../scanner/index.ts';

export const MOJO_RULES = {
  path: {
    id: 'mojo.outside-path',
    title: 'An H2O MOJO names a file outside of itself',
    severity: 'high',
    verdict: 'malicious',
    explanation:
      'model.ini names a file of categories by a path that leads out of the archive. A program that reads an extracted MOJO opens that file of the machine and takes its lines for categories.',
    remedy: 'Do not load the file. H2O writes plain names such as d000.txt.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-22'],
  },
} as const satisfies Record<string, Rule>;
