import type { Rule } from '../scanner/index.ts';

/** What the pipeline reports when a signature holds and does not vouch for everything a loader may read. */
export const UNCOVERED: Rule = {
  id: 'integrity.signature.uncovered',
  title: 'A file that the signature does not cover',
  severity: 'medium',
  verdict: 'none',
  explanation:
    'The signature over the model is valid, and this file is not among what was signed: it was added later, it lies under a path that the signer left out, or it is a link where the signer allowed none. A loader reads it all the same, and anybody may have changed it since.',
  remedy: 'Remove the file, or have the model signed again with it.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-353'],
};

export const EMPTY_UNLISTED: Rule = {
  id: 'integrity.signature.empty-file',
  title: 'An empty file that a signature by shards cannot list',
  severity: 'low',
  verdict: 'none',
  explanation:
    'The model was signed by shards, and an empty file has none. Whether the file was there when the model was signed is not known; an empty __init__.py is enough to make a folder a package.',
  remedy: 'Have the model signed by files instead of shards.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-353'],
};

export const signatureRules: readonly Rule[] = [UNCOVERED, EMPTY_UNLISTED];
