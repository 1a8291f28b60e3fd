import { array, countOf, flagOf, literal, maybe, nullable, object, oneOf, text, union } from '../../schema/index.ts';
import { SHA256, texts } from './kit.ts';

export const KeySignerSchema = object({
  kind: literal('key'),
  keyHint: text("SHA-256 of the public key's PEM.", SHA256),
  keyType: text('`P-256` and the like.'),
});

export const CertificateSignerSchema = object({
  kind: literal('certificate'),
  subject: text(),
  names: texts('Subject alternative names.'),
  issuer: text(),
  sha256: text("Of the certificate's DER.", SHA256),
  notAfter: text('ISO 8601.'),
  expired: flagOf({ description: 'The validity period is over, and the validity policy let it pass.' }),
});

export const KeylessSignerSchema = object({
  kind: literal('sigstore'),
  identity: text(),
  issuer: text('Of the OIDC token.'),
  signedAt: text('ISO 8601: what the log or the timestamp authority says.'),
});

export const SignerSchema = union([KeySignerSchema, CertificateSignerSchema, KeylessSignerSchema]);

export const UncoveredFileSchema = object({
  path: text(),
  why: oneOf(
    ['added', 'ignored', 'link'],
    'Not signed, under a path that the signer left out, or a link where none was allowed.',
  ),
});

export const SignatureSchema = object({
  signature: text('Where it was read: its path within the artifact, or as it was given.'),
  status: oneOf(
    ['verified', 'partial', 'failed', 'not-assessed'],
    '`partial` when it holds and leaves files uncovered; `not-assessed` when no trusted signer was named.',
  ),
  problem: nullable(
    text(
      'Why it failed, as a stable code: signature, key, certificate-chain, identity, content, ...; null when it did not.',
    ),
  ),
  detail: text('For people.'),
  signer: maybe(SignerSchema, { description: 'Who signed, proven; null when nothing is.' }),
  method: nullable(text('How files were hashed: sha256, sha256-sharded-1000000000.')),
  covered: countOf('Signed files that are there, unchanged.'),
  changed: texts('Signed files whose bytes are others.'),
  missing: texts('Signed files that are not there.'),
  uncovered: array(UncoveredFileSchema, {
    description: 'Files that a loader may read and the signature does not cover.',
  }),
  emptyFiles: texts('Empty files, which a signature by shards cannot list.'),
});
