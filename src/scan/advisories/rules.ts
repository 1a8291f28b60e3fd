import type { Rule } from '../scanner/index.ts';

const REFERENCES = {
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010', 'AML.T0011.000'],
  cwe: ['CWE-1395', 'CWE-502'],
} as const;
const REMEDY =
  'Load the model with the version that the message names, or a newer one. `assay scan --advisories FILE` uses a newer list of advisories.';

export const PINNED: Rule = {
  id: 'loader.advisory.pinned',
  title: 'A model asks for a version of a library with known vulnerabilities',
  severity: 'medium',
  verdict: 'none',
  explanation:
    'A list of requirements in the artifact pins a version of a library that has known vulnerabilities when it loads models. Whoever installs what the model asks for, and loads a crafted file with it, may run the code of the file.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const SAVED: Rule = {
  id: 'loader.advisory.saved',
  title: 'A model was saved with a version of a library that has known vulnerabilities',
  severity: 'info',
  verdict: 'none',
  explanation:
    'The file declares the version of the library that saved it, and that version has known vulnerabilities when it loads models. The file is not harmful for that. Whoever loads it with the same version may be attacked by another one.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const CONCERNED: Rule = {
  id: 'loader.advisory.concerned',
  title: 'Known vulnerabilities of loaders concern what a file holds',
  severity: 'info',
  verdict: 'none',
  explanation:
    'The file is of a format, or has a finding, that known vulnerabilities of libraries are about. The message names the versions that are safe from them. A loader of a safe version may still run what another finding names.',
  remedy: REMEDY,
  ...REFERENCES,
};

export const loaderRules: readonly Rule[] = [PINNED, SAVED, CONCERNED];
