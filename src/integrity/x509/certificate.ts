import { type KeyObject, X509Certificate } from 'node:crypto';
import { SignatureError } from '../envelope/index.ts';
import { bitOf, booleanOf, child, type Der, derInteger, isContext, octetsOf, oidOf, readDer } from './der.ts';
import { type AlternativeName, commonNameOf, readAlternativeNames } from './names.ts';
import { isStrong, OID, UNDERSTOOD } from './oids.ts';

/** More than any certificate has. */
const MAX_BYTES = 32 * 1024;

/** A certificate (RFC 5280), parsed but not yet trusted. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly der: Buffer;
  readonly key: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether the issuer signed it with a trusted algorithm. */
  readonly stronglySigned: boolean;
  /** Whether the basic constraints permit it to issue certificates. */
  readonly authority: boolean;
  /** How many authorities may be between this one and a leaf. */
  readonly pathLength?: number;
  /** Absent when the extension is. */
  readonly keyUsage?: { readonly digitalSignature: boolean; readonly keyCertSign: boolean };
  /** Extended key usages, as OIDs. Absent when the extension is. */
  readonly purposes?: readonly string[];
  readonly names: readonly AlternativeName[];
  /** When there is exactly one. */
  readonly commonName?: string;
  readonly extensions: ReadonlyMap<string, Buffer>;
  /** OIDs of critical extensions that are not supported. */
  readonly notUnderstood: readonly string[];
}

/**
 * Reads a certificate of version 3 from DER.
 * @param what names it, for messages
 * @throws SignatureError `certificate`
 */
export function readCertificate(der: Uint8Array, what: string): Certificate {
  if (der.length > MAX_BYTES) {
    throw new SignatureError('certificate', `${what} has more than ${MAX_BYTES} bytes`);
  }
  try {
    return parse(Buffer.from(der));
  } catch (cause) {
    throw new SignatureError('certificate', `${what} cannot be read`, { cause });
  }
}

function parse(der: Buffer): Certificate {
  const x509 = new X509Certificate(der);
  // OpenSSL also reads PEM here, and ignores trailing bytes: both parsers must have read the same certificate.
  if (!x509.raw.equals(der)) throw new Error('is not DER');
  const root = readDer(der);
  const body = child(root, 0);
  const version = child(body, 0);
  if (!isContext(version, 0) || derInteger(child(version, 0)) !== 2)
    throw new Error('is not a certificate of version 3');
  const { values, critical } = readExtensions(body);
  const { authority, pathLength } = readBasicConstraints(values.get(OID.basicConstraints));
  const keyUsage = readKeyUsage(values.get(OID.keyUsage));
  const purposes = readPurposes(values.get(OID.extendedKeyUsage));
  const commonName = commonNameOf(child(body, 5));
  return {
    x509,
    der,
    key: x509.publicKey,
    notBefore: date(x509.validFrom),
    notAfter: date(x509.validTo),
    stronglySigned: isStronglySigned(child(root, 1)),
    authority,
    ...(pathLength === undefined ? {} : { pathLength }),
    ...(keyUsage === undefined ? {} : { keyUsage }),
    ...(purposes === undefined ? {} : { purposes }),
    names: readAlternativeNames(values.get(OID.subjectAltName)),
    ...(commonName === undefined ? {} : { commonName }),
    extensions: values,
    notUnderstood: critical.filter((oid) => !UNDERSTOOD.has(oid)),
  };
}

function readExtensions(body: Der): { values: Map<string, Buffer>; critical: string[] } {
  const values = new Map<string, Buffer>();
  const critical: string[] = [];
  const list = body.children.slice(7).find((element) => isContext(element, 3));
  for (const extension of list === undefined ? [] : child(list, 0).children) {
    const parts = extension.children;
    const oid = oidOf(child(extension, 0));
    if (values.has(oid) || parts.length > 3) throw new Error('a repeated extension, or one with extra content');
    values.set(oid, octetsOf(child(extension, parts.length - 1)));
    if (parts.length === 3 && booleanOf(child(extension, 1))) critical.push(oid);
  }
  return { values, critical };
}

function readBasicConstraints(value: Buffer | undefined): { authority: boolean; pathLength?: number } {
  const [first, second] = value === undefined ? [] : readDer(value).children;
  if (first === undefined) return { authority: false };
  return { authority: booleanOf(first), ...(second === undefined ? {} : { pathLength: derInteger(second) }) };
}

function readKeyUsage(value: Buffer | undefined): Certificate['keyUsage'] {
  if (value === undefined) return undefined;
  const bits = readDer(value);
  return { digitalSignature: bitOf(bits, 0), keyCertSign: bitOf(bits, 5) };
}

function readPurposes(value: Buffer | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : readDer(value).children.map(oidOf);
}

function isStronglySigned(algorithm: Der): boolean {
  const hash = algorithm.children[1]?.children.find((parameter) => isContext(parameter, 0));
  return isStrong(oidOf(child(algorithm, 0)), hash === undefined ? undefined : oidOf(child(child(hash, 0), 0)));
}

function date(text: string): Date {
  const read = new Date(text);
  if (Number.isNaN(read.getTime())) throw new Error('an invalid date');
  return read;
}

/** How messages name a certificate. */
export function subjectNameOf({ commonName, x509 }: Certificate): string {
  const name = commonName ?? x509.subject.replaceAll('\n', ', ');
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name);
}
