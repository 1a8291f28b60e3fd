import type { Rule } from '../scanner/index.ts';

/** What the pipeline reports when a signature is valid but does not cover every file that a loader may read. */
export const UNCOVERED: Rule = {
  id: 'integrity.signature.uncovered',
  title: 'The signature does not cover a file',
  severity: 'medium',
  verdict: 'none',
  explanation:
    'The signature over the model is valid, but it does not cover this file: the file was added later, is under a path that the signer excluded, or is a link although the signer allowed none. A loader still reads the file, and anyone can have changed it after the signature.',
  remedy: 'Remove the file, or have the model signed again together with it.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-353'],
};

export const EMPTY_UNLISTED: Rule = {
  id: 'integrity.signature.empty-file',
  title: 'A signature by shards cannot list an empty file',
  severity: 'low',
  verdict: 'none',
  explanation:
    'The model was signed by shards, and an empty file has no shards. So it is not known whether the file existed when the model was signed. An empty __init__.py is enough to make a folder a package.',
  remedy: 'Have the model signed by files instead of shards.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-353'],
};

export const signatureRules: readonly Rule[] = [UNCOVERED, EMPTY_UNLISTED];
