import type { SignatureProblem } from '../../../../integrity/envelope/index.ts';
import type { GlossaryEntry } from './term.ts';

type Reason = SignatureProblem | 'content';

const PROBLEMS: Readonly<Record<Reason, string>> = {
  bundle: 'The file is not a Sigstore bundle, or contradicts its format',
  'no-signature': 'The envelope holds no signature',
  'many-signatures': 'The envelope holds more than one signature',
  'payload-type': 'The envelope holds no in-toto statement',
  statement: 'The payload is not a statement, or contradicts itself',
  predicate: 'The statement is about something else',
  hash: 'The hash is unknown or not supported',
  'root-digest': 'The subject is not the root of the files that the statement lists',
  subject: 'The statement is about another artifact',
  'duplicate-resource': 'The statement lists a file twice',
  method: 'It was signed in another way than the one that is trusted',
  key: 'It was signed with another key, or with one of an unsupported kind',
  signature: 'The signature does not belong to the statement',
  certificate: 'The certificate cannot be read, or must not sign',
  'certificate-chain': 'No path leads from the certificate to a trusted root',
  'certificate-time': 'The certificate was not valid when it signed',
  identity: 'It was signed by somebody else',
  'log-entry': 'The transparency log does not vouch for it',
  timestamp: 'The time of signing is not proven',
  untrusted: 'No rule of the trust file admits the signer',
  expired: 'It has expired',
  content: 'Files were changed, are missing, or were added after they were signed',
};

export function signatureTerms(): GlossaryEntry[] {
  return Object.entries(PROBLEMS).map(([id, title]) => ({
    id,
    kind: 'problem of a signature',
    title,
    explanation: 'A signature that does not verify says nothing about the files.',
    remedy:
      'Get the files and the signature from the same place again, and check whom you trust: assay verify tells more.',
  }));
}
