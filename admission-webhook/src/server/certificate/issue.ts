import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import {
  bits,
  boolean,
  context,
  contextPlain,
  integer,
  octets,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der-writer.ts';

/** A certificate and its private key, both PEM. */
export interface IssuedPair {
  readonly cert: string;
  readonly key: string;
}

/** Object identifiers, as the hex of their DER content. */
const OID = {
  ecdsaSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectKeyIdentifier: '551d0e',
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  authorityKeyIdentifier: '551d23',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
} as const;

/** Clocks differ. */
const BACKDATE_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** Makes an authority of its own (P-256), that issues certificates for servers and no further authorities. */
export function issueAuthority(name: string, { days, now }: { readonly days: number; readonly now: Date }): IssuedPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const subject = nameOf(name);
  const body = {
    subject,
    issuer: subject,
    publicKey,
    ...validity(now, days),
    extensions: [
      extension(OID.basicConstraints, true, sequence(boolean(true), integer(Buffer.from([0])))),
      // keyCertSign and cRLSign.
      extension(OID.keyUsage, true, bits(Buffer.from([0x06]), 1)),
      extension(OID.subjectKeyIdentifier, false, octets(keyId(publicKey))),
    ],
  };
  return { cert: certificatePem(body, privateKey), key: pemOf(privateKey) };
}

export interface ServerRequest {
  /** DNS names, the first one also its common name. */
  readonly names: readonly [string, ...string[]];
  readonly days: number;
  readonly now: Date;
}

/** Makes a certificate for a server. It never outlives its authority. @throws Error when that cannot be read */
export function issueServer(authority: IssuedPair, { names, days, now }: ServerRequest): IssuedPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const ca = new X509Certificate(authority.cert);
  const caKey = createPrivateKey(authority.key);
  const { notBefore, notAfter } = validity(now, days);
  const ends = new Date(Math.min(notAfter.getTime(), Date.parse(ca.validTo)));
  const body = {
    subject: nameOf(names[0].slice(0, 64)),
    issuer: nameOf(commonNameOf(ca)),
    publicKey,
    notBefore,
    notAfter: ends,
    extensions: [
      extension(OID.basicConstraints, true, sequence()),
      // digitalSignature.
      extension(OID.keyUsage, true, bits(Buffer.from([0x80]), 7)),
      extension(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth))),
      extension(OID.subjectKeyIdentifier, false, octets(keyId(publicKey))),
      extension(OID.authorityKeyIdentifier, false, sequence(contextPlain(0, keyId(ca.publicKey)))),
      extension(OID.subjectAltName, false, sequence(...names.map((name) => contextPlain(2, Buffer.from(name))))),
    ],
  };
  return { cert: certificatePem(body, caKey), key: pemOf(privateKey) };
}

interface CertificateBody {
  readonly subject: Buffer;
  readonly issuer: Buffer;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280, section 4.1, signed with ECDSA and SHA-256. */
function certificatePem(body: CertificateBody, signer: KeyObject): string {
  const algorithm = sequence(oid(OID.ecdsaSha256));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const signed = sequence(
    context(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    body.issuer,
    sequence(time(body.notBefore), time(body.notAfter)),
    body.subject,
    body.publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...body.extensions)),
  );
  const der = sequence(signed, algorithm, bits(sign('sha256', signed, signer)));
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(oid(OID.commonName), utf8String(commonName))));
}

function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** To the second, as certificates say it. */
function validity(now: Date, days: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const start = Math.floor(now.getTime() / 1000) * 1000;
  return { notBefore: new Date(start - BACKDATE_MS), notAfter: new Date(start + days * DAY_MS) };
}
