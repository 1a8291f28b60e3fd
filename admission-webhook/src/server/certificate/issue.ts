// The library of certificates finds its algorithms through it.
import 'reflect-metadata';
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, both PEM. */
export interface IssuedPair {
  readonly cert: string;
  readonly key: string;
}

/** Of every key that is made here. */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Clocks differ. */
const BACKDATE_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** Makes an authority (P-256) that issues certificates for servers and no further authorities. */
export async function issueAuthority(
  name: string,
  { days, now }: { readonly days: number; readonly now: Date },
): Promise<IssuedPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const subject = commonName(name);
  const extensions = [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
  const body = { subject, issuer: subject, ...validity(now, days), extensions };
  return issued(body, keys, keys.privateKey);
}

export interface ServerRequest {
  /** DNS names, the first one also its common name. */
  readonly names: readonly [string, ...string[]];
  readonly days: number;
  readonly now: Date;
}

/**
 * Makes a certificate for a server. It ends no later than that of its authority.
 * @throws Error when the authority cannot be read, or its key is not on P-256
 */
export async function issueServer(authority: IssuedPair, { names, days, now }: ServerRequest): Promise<IssuedPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const ca = new X509Certificate(authority.cert);
  const { notBefore, notAfter } = validity(now, days);
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await keyIdentifierOf(ca),
    new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }) as const)),
  ];
  const body = {
    subject: commonName(names[0].slice(0, MAX_COMMON_NAME)),
    issuer: ca.subjectName,
    notBefore,
    notAfter: new Date(Math.min(notAfter.getTime(), ca.notAfter.getTime())),
    extensions,
  };
  return issued(body, keys, await privateKeyOf(authority.key));
}

/** RFC 5280, appendix A.1: `ub-common-name`. */
const MAX_COMMON_NAME = 64;

interface CertificateBody {
  readonly subject: Name;
  readonly issuer: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: Extension[];
}

async function issued(
  body: CertificateBody,
  keys: webcrypto.CryptoKeyPair,
  signer: webcrypto.CryptoKey,
): Promise<IssuedPair> {
  const certificate = await X509CertificateGenerator.create({
    ...body,
    serialNumber: serialNumber(),
    publicKey: keys.publicKey,
    signingKey: signer,
    signingAlgorithm: ALGORITHM,
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { cert: `${certificate.toString('pem')}\n`, key };
}

/** Positive, and of 128 bits without leading zeros. */
function serialNumber(): string {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial.toString('hex');
}

function commonName(text: string): Name {
  return new Name([{ CN: [{ utf8String: text }] }]);
}

/** As the authority itself states it, because there is more than one way to compute it. */
async function keyIdentifierOf(ca: X509Certificate): Promise<AuthorityKeyIdentifierExtension> {
  const own = ca.getExtension(SubjectKeyIdentifierExtension);
  return own === null
    ? AuthorityKeyIdentifierExtension.create(ca.publicKey)
    : new AuthorityKeyIdentifierExtension(own.keyId);
}

async function privateKeyOf(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

/** To the second, as certificates say it. */
function validity(now: Date, days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const start = Math.floor(now.getTime() / 1000) * 1000;
  return { notBefore: new Date(start - BACKDATE_MS), notAfter: new Date(start + days * DAY_MS) };
}
