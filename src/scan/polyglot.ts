import type { Rule } from './scanner/index.ts';

export const POLYGLOT: Rule = {
  id: 'format.polyglot',
  title: 'A file of two formats at once',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The file opens as what it claims to be, and its bytes also run as a pickle that uses globals. Loaders that fall back to pickle (torch.load, joblib.load, numpy.load) run it; scanners that stop at the first format pass it.',
  remedy: 'Do not load this file.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-434', 'CWE-502'],
};
