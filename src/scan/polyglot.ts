import type { Rule } from './scanner/index.ts';

export const POLYGLOT: Rule = {
  id: 'format.polyglot',
  title: 'A file is of two formats at once',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The file is valid in the format that it claims, and its bytes are also a pickle that uses globals. Loaders that fall back to pickle (torch.load, joblib.load, numpy.load) run the pickle; scanners that stop at the first format do not see it.',
  remedy: 'Do not load this file.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-434', 'CWE-502'],
};
