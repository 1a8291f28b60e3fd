import { array, countOf, flagOf, literal, maybe, nullable, object, oneOf, text, union } from '../../schema/index.ts';
import { SHA256, texts } from './kit.ts';

export const KeySignerSchema = object({
  kind: literal('key'),
  keyHint: text('SHA-256 of the PEM of the public key.', SHA256),
  keyType: text('The kind of key, such as `P-256`.'),
});

export const CertificateSignerSchema = object({
  kind: literal('certificate'),
  subject: text(),
  names: texts('Subject alternative names.'),
  issuer: text(),
  sha256: text('SHA-256 of the DER of the certificate.', SHA256),
  notAfter: text('ISO 8601.'),
  expired: flagOf({ description: 'The certificate has expired, and the validity policy accepted it.' }),
});

export const KeylessSignerSchema = object({
  kind: literal('sigstore'),
  identity: text(),
  issuer: text('The issuer of the OIDC token.'),
  signedAt: text('The time of the signature by the log or the timestamp authority, in ISO 8601.'),
});

export const SignerSchema = union([KeySignerSchema, CertificateSignerSchema, KeylessSignerSchema]);

export const UncoveredFileSchema = object({
  path: text(),
  why: oneOf(
    ['added', 'ignored', 'link'],
    'Not signed, under a path that the signer excluded, or a link although none was allowed.',
  ),
});

export const SignatureSchema = object({
  signature: text('The place of the signature: its path within the artifact, or as it was given.'),
  status: oneOf(
    ['verified', 'partial', 'failed', 'not-assessed'],
    '`partial` when the signature is valid but does not cover all files; `not-assessed` when no trusted signer was named.',
  ),
  problem: nullable(
    text(
      'The reason for the failure, as a stable code: signature, key, certificate-chain, identity, content, ...; null when it did not fail.',
    ),
  ),
  detail: text('A message for people.'),
  signer: maybe(SignerSchema, { description: 'The proven identity of the signer; null when it is not proven.' }),
  method: nullable(text('The method by which files were hashed: sha256, sha256-sharded-1000000000.')),
  covered: countOf('Signed files that are present and unchanged.'),
  changed: texts('Signed files whose bytes changed.'),
  missing: texts('Signed files that are missing.'),
  uncovered: array(UncoveredFileSchema, {
    description: 'Files that a loader may read but the signature does not cover.',
  }),
  emptyFiles: texts('Empty files, which a signature by shards cannot list.'),
});
