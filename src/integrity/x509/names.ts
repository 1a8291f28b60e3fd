import { child, type Der, isContext, oidOf, readDer, TAG } from './der.ts';
import { OID } from './oids.ts';

/** A subject alternative name (RFC 5280, 4.2.1.6). `other`: a kind that is not read, and matches nothing. */
export interface AlternativeName {
  readonly kind: 'email' | 'dns' | 'uri' | 'username' | 'other';
  readonly text: string;
}

const KINDS: ReadonlyMap<number, 'email' | 'dns' | 'uri'> = new Map([
  [0x81, 'email'],
  [0x82, 'dns'],
  [0x86, 'uri'],
]);

/** @throws Error for names with bytes that they may not have: a reader that drops the high bit would see others. */
export function readAlternativeNames(value: Buffer | undefined): readonly AlternativeName[] {
  return value === undefined ? [] : readDer(value).children.map(readName);
}

function readName(name: Der): AlternativeName {
  const kind = KINDS.get(name.tag);
  if (kind !== undefined) return { kind, text: ascii(name.value) };
  if (isContext(name, 0) && oidOf(child(name, 0)) === OID.fulcioUsername) {
    return { kind: 'username', text: decodeUtf8Name(child(child(name, 1), 0).value) };
  }
  return { kind: 'other', text: '' };
}

/** The common name of a distinguished name; `undefined` for none, several, or one of an outdated string type. */
export function commonNameOf(name: Der): string | undefined {
  const attributes = name.children.flatMap(({ children }) => children);
  const found = attributes.filter((attribute) => oidOf(child(attribute, 0)) === OID.commonName);
  const [only] = found;
  if (only === undefined || found.length > 1) return undefined;
  const { tag, value } = child(only, 1);
  if (tag === TAG.utf8String) return decodeUtf8Name(value);
  return tag === TAG.printableString || tag === TAG.ia5String ? ascii(value) : undefined;
}

function ascii(bytes: Buffer): string {
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) throw new Error('a name that is not printable ASCII');
  return bytes.toString('latin1');
}

/** Text without control characters. */
export function decodeUtf8Name(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  if (/\p{Cc}/u.test(text)) throw new Error('a name with control characters');
  return text;
}
