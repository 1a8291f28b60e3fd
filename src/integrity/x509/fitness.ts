import type { KeyObject } from 'node:crypto';
import { isStrongRsa, isSupported, keyText, SignatureError, type SignatureProblem } from '../envelope/index.ts';
import { type Certificate, subjectNameOf } from './certificate.ts';
import { OID } from './oids.ts';

/**
 * Whether a certificate may sign models: it is not an authority, it permits signing, and all its critical extensions are
 * supported. The reference implementation requires `digitalSignature` or code signing; Assay requires that neither extension
 * forbids it, so that the key of a web server cannot sign models.
 * @throws SignatureError `certificate`
 */
export function checkLeaf(leaf: Certificate): void {
  const { authority, x509, keyUsage, purposes } = leaf;
  checkUnderstood(leaf);
  checkKey(leaf);
  if (authority || x509.ca)
    throw unfit(leaf, 'belongs to an authority, which issues certificates and does not sign models');
  if (keyUsage === undefined && purposes === undefined) {
    throw unfit(leaf, 'does not permit its key to sign (key usage, extended key usage)');
  }
  if (keyUsage?.digitalSignature === false) throw unfit(leaf, 'is not meant for signatures (key usage)');
  if (purposes !== undefined && !signsCode(purposes)) {
    throw unfit(leaf, 'is not meant for signing code (extended key usage)');
  }
}

/**
 * Whether a certificate may have issued another.
 * @param root it is a trusted root
 * @param below how many authorities are between it and the leaf
 * @throws SignatureError `certificate`, `certificate-chain`
 */
export function checkAuthority(issuer: Certificate, { root, below }: { root: boolean; below: number }): void {
  checkUnderstood(issuer);
  checkKey(issuer);
  const refuse = (why: string) => unfit(issuer, why, 'certificate-chain');
  if (issuer.keyUsage?.keyCertSign === false) throw refuse('may not sign certificates (key usage)');
  if (!issuer.authority || !issuer.x509.ca) throw refuse('does not belong to an authority, but issued a certificate');
  if (issuer.pathLength !== undefined && below > issuer.pathLength) {
    throw refuse(`allows ${issuer.pathLength} authorities below it, but has ${below}`);
  }
  if (!root && issuer.purposes !== undefined && !signsCode(issuer.purposes)) {
    throw refuse('may not issue certificates for signing code (extended key usage)');
  }
}

/** @throws SignatureError `certificate-time` */
export function checkTime(certificate: Certificate, at: Date): void {
  const { notBefore, notAfter } = certificate;
  if (at < notBefore) {
    throw unfit(certificate, `is valid from ${day(notBefore)} on, and ${day(at)} is earlier`, 'certificate-time');
  }
  if (at > notAfter) {
    throw unfit(certificate, `expired on ${day(notAfter)}, and ${day(at)} is later`, 'certificate-time');
  }
}

function checkUnderstood(certificate: Certificate): void {
  if (certificate.extensions.has(OID.nameConstraints)) {
    throw unfit(certificate, 'has name constraints, which are not supported');
  }
  const [first] = certificate.notUnderstood;
  if (first === undefined) return;
  throw unfit(certificate, `has a critical extension that is not supported (${first})`);
}

function checkKey(certificate: Certificate): void {
  const { key } = certificate;
  if (!isSupported(key) && !isRsa(key)) {
    throw unfit(
      certificate,
      `has ${keyText(key)}; only RSA from 2048 bits, P-256, P-384, P-521 and Ed25519 are accepted`,
    );
  }
}

function isRsa(key: KeyObject): boolean {
  return (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss') && isStrongRsa(key);
}

function signsCode(purposes: readonly string[]): boolean {
  return purposes.some((purpose) => purpose === OID.codeSigning || purpose === OID.anyExtendedKeyUsage);
}

function unfit(certificate: Certificate, why: string, problem: SignatureProblem = 'certificate'): SignatureError {
  return new SignatureError(problem, `the certificate ${subjectNameOf(certificate)} ${why}`);
}

function day(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}
