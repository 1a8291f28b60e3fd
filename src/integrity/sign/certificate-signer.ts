import { type KeyObject, X509Certificate } from 'node:crypto';
import { AssayError } from '../../core/index.ts';
import { isSignatureError, spkiOf } from '../envelope/index.ts';
import { checkLeaf, checkTime, readCertificate } from '../x509/index.ts';
import { signerOf } from './key-signer.ts';
import type { PayloadSigner } from './payload-signer.ts';
import { type SigningKey, toSigningKey } from './signing-key.ts';

export interface CertificateInput {
  readonly privateKey: KeyObject | SigningKey;
  /** The certificate of the private key. */
  readonly leaf: X509Certificate;
  /** Its issuers, in any order, with or without the root; the leaf itself may be among them. */
  readonly chain: readonly X509Certificate[];
  /** Names of the files, for messages. */
  readonly subjects?: { readonly certificate: string; readonly chain: string };
  /** When the certificate must be valid: now. */
  readonly at?: Date;
}

/** Real chains are shorter. */
const MAX_CERTIFICATES = 16;
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Signs with a certificate's key. Bundles hold the chain, leaf first. (The reference implementation of OMS verifies leaves of
 * P-256, P-384 and P-521; their issuers may be of any kind.)
 * @throws AssayError `usage` when the key is another's, the leaf is not fit for signing or not valid, or the chain does not
 *   lead from it.
 */
export function certificateSigner(input: CertificateInput): PayloadSigner {
  const { leaf, chain, subjects } = input;
  const key = toSigningKey(input.privateKey);
  checkKey(leaf, key.publicKey, subjects?.certificate);
  checkFitness(leaf, input.at ?? new Date(), subjects?.certificate);
  const certificates = [leaf, ...inOrder(leaf, chain, subjects?.chain)].map(({ raw }) => ({
    rawBytes: raw.toString('base64'),
  }));
  return signerOf(key, { x509CertificateChain: { certificates } });
}

/** @throws AssayError `usage` when there is none, or one that cannot be read. */
export function readCertificates(pem: string, subject: string): readonly X509Certificate[] {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES) {
    const found = blocks.length === 0 ? 'does not contain a certificate' : `holds ${blocks.length} certificates`;
    throw usage(found, subject, `give a PEM file with 1 to ${MAX_CERTIFICATES} of them`);
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new AssayError('usage', 'contains an unreadable certificate', {
      subject,
      hint: 'give the PEM file of your certificate authority',
      cause,
    });
  }
}

function checkKey(leaf: X509Certificate, publicKey: KeyObject, subject: string | undefined): void {
  // Not `KeyObject.equals`: for keys of two kinds it leaves an error to OpenSSL's next caller.
  if (!spkiOf(leaf.publicKey).equals(spkiOf(publicKey))) {
    throw usage(
      'the certificate belongs to another key',
      subject,
      'give the certificate and the key that belong together',
    );
  }
  if (publicKey.asymmetricKeyType !== 'rsa-pss') return;
  throw usage('a certificate for an RSA-PSS key cannot sign models', subject, 'use P-256, P-384 or P-521');
}

/** A certificate that Assay would not accept is not used. */
function checkFitness(leaf: X509Certificate, at: Date, subject: string | undefined): void {
  try {
    const certificate = readCertificate(leaf.raw, 'the certificate');
    checkLeaf(certificate);
    checkTime(certificate, at);
  } catch (error) {
    if (!isSignatureError(error)) throw error;
    throw usage(error.message, subject, 'use a certificate that is valid now and meant for signing code');
  }
}

/** The issuers, each after what it issued. */
function inOrder(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  subject: string | undefined,
): readonly X509Certificate[] {
  const left = new Map(chain.filter(({ raw }) => !raw.equals(leaf.raw)).map((one) => [one.fingerprint256, one]));
  const ordered: X509Certificate[] = [];
  for (let at = leaf; ; ) {
    const issuer = [...left.values()].find((one) => one.ca && at.checkIssued(one) && at.verify(one.publicKey));
    if (issuer === undefined) break;
    left.delete(issuer.fingerprint256);
    ordered.push(issuer);
    at = issuer;
  }
  const [stray] = left.values();
  if (stray === undefined) return ordered;
  throw usage(
    `${oneLine(stray.subject)} issued neither the certificate nor any of its issuers`,
    subject,
    'give only the issuers of the certificate',
  );
}

function oneLine(name: string): string {
  return `"${name.replaceAll('\n', ', ')}"`;
}

function usage(message: string, subject: string | undefined, hint: string): AssayError {
  return new AssayError('usage', message, { ...(subject === undefined ? {} : { subject }), hint });
}
