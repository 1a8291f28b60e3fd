import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface CertificateParts {
  /** Common name. */
  readonly subject: string;
  readonly key: KeyPair;
  /** The issuer; the certificate signs itself when absent. */
  readonly issuer?: { readonly subject: string; readonly key: KeyPair };
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly algorithm?: SignatureAlgorithm;
  /** DER of each `Extension`. */
  readonly extensions?: readonly Buffer[];
  /** The X.509 version minus one. */
  readonly version?: number;
}

export type SignatureAlgorithm = 'sha256' | 'sha1' | 'md5' | 'pss-sha256' | 'pss-sha1';

export const DAY = 24 * 60 * 60 * 1000;
export const OIDS = { codeSigning: '1.3.6.1.5.5.7.3.3', serverAuth: '1.3.6.1.5.5.7.3.1', any: '2.5.29.37.0' } as const;

/** A certificate (RFC 5280), encoded by hand, so that a test can make any part of it invalid. */
export function makeCertificate(parts: CertificateParts): X509Certificate {
  const { subject, key, issuer, extensions = [], version = 2 } = parts;
  const signer = issuer?.key ?? key;
  const algorithm = parts.algorithm ?? 'sha256';
  const identifier = algorithmIdentifier(signer.privateKey, algorithm);
  const body = sequence(
    ...(version > 0 ? [tlv(0xa0, integer(version))] : []),
    tlv(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    identifier,
    name(issuer?.subject ?? subject),
    sequence(
      time(parts.notBefore ?? new Date(Date.now() - 30 * DAY)),
      time(parts.notAfter ?? new Date(Date.now() + 365 * DAY)),
    ),
    name(subject),
    key.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [tlv(0xa3, sequence(...extensions))] : []),
  );
  const signature = signBody(signer.privateKey, body, algorithm);
  return new X509Certificate(sequence(body, identifier, tlv(0x03, Buffer.of(0), signature)));
}

function signBody(key: KeyObject, body: Buffer, algorithm: SignatureAlgorithm): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, body, key);
  const hash = algorithm.replace('pss-', '');
  const pss = { key, padding: 6, saltLength: 32 };
  return sign(hash, body, algorithm.startsWith('pss') ? pss : key);
}

const HASHES = { sha256: '2.16.840.1.101.3.4.2.1', sha1: '1.3.14.3.2.26', md5: '1.2.840.113549.2.5' } as const;

function algorithmIdentifier(key: KeyObject, algorithm: SignatureAlgorithm): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sequence(oid('1.3.101.112'));
  if (key.asymmetricKeyType === 'ec') {
    return sequence(oid(algorithm === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'));
  }
  switch (algorithm) {
    case 'sha256':
      return sequence(oid('1.2.840.113549.1.1.11'), Buffer.of(5, 0));
    case 'sha1':
      return sequence(oid('1.2.840.113549.1.1.5'), Buffer.of(5, 0));
    case 'md5':
      return sequence(oid('1.2.840.113549.1.1.4'), Buffer.of(5, 0));
    case 'pss-sha256':
    case 'pss-sha1': {
      const hash = sequence(oid(HASHES[algorithm === 'pss-sha1' ? 'sha1' : 'sha256']), Buffer.of(5, 0));
      const mask = sequence(oid('1.2.840.113549.1.1.8'), hash);
      return sequence(oid('1.2.840.113549.1.1.10'), sequence(tlv(0xa0, hash), tlv(0xa1, mask), tlv(0xa2, integer(32))));
    }
  }
}

export function keyPair(kind: 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA-1024' | 'RSA-2048' | 'RSA-4096'): KeyPair {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  if (kind.startsWith('RSA')) return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) });
  return generateKeyPairSync('ec', { namedCurve: kind });
}

export function basicConstraints(authority: boolean, pathLength?: number): Buffer {
  const length = pathLength === undefined ? [] : [integer(pathLength)];
  return extension('2.5.29.19', sequence(...(authority ? [Buffer.of(1, 1, 0xff), ...length] : [])), true);
}

/** Bits as RFC 5280 numbers them: 0 is `digitalSignature`, 5 is `keyCertSign`. */
export function keyUsage(...bits: number[]): Buffer {
  let mask = 0;
  for (const bit of bits) mask |= 0x80 >> bit;
  return extension('2.5.29.15', tlv(0x03, Buffer.of(0, mask)), true);
}

export function extendedKeyUsage(...purposes: string[]): Buffer {
  return extension('2.5.29.37', sequence(...purposes.map(oid)));
}

export function alternativeNames(names: {
  readonly mail?: string;
  readonly dns?: string;
  readonly uri?: string;
}): Buffer {
  const { mail, dns, uri } = names;
  const parts = [
    ...(mail === undefined ? [] : [tlv(0x81, Buffer.from(mail, 'latin1'))]),
    ...(dns === undefined ? [] : [tlv(0x82, Buffer.from(dns, 'latin1'))]),
    ...(uri === undefined ? [] : [tlv(0x86, Buffer.from(uri, 'latin1'))]),
  ];
  return extension('2.5.29.17', sequence(...parts));
}

export function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [Buffer.of(1, 1, 0xff)] : []), tlv(0x04, value));
}

export function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

export function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  if (value.length < 0x80) return Buffer.concat([Buffer.of(tag, value.length), value]);
  const size = value.length < 0x100 ? 1 : value.length < 0x10000 ? 2 : 3;
  const length = Buffer.alloc(size);
  length.writeUIntBE(value.length, 0, size);
  return Buffer.concat([Buffer.of(tag, 0x80 | size), length, value]);
}

function integer(value: number): Buffer {
  return tlv(0x02, Buffer.of(value));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...others.flatMap(base128)]));
}

function base128(value: number): number[] {
  const groups = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80);
  return groups;
}

function name(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(commonName)))));
}

/** GeneralizedTime for any year. */
function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`));
}
