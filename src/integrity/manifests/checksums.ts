import { AssayError } from '../../core/index.ts';
import type { DigestAlgorithm } from '../hash/index.ts';
import { distinctEntries, entryPath, type ManifestEntry } from './manifest.ts';

/** Bytes of a manifest of checksums: as many lines as an artifact may have files. */
export const MAX_CHECKSUM_BYTES = 16 * 1024 * 1024;
const MAX_LINE = 16_384;

/** Names before `(file) =`, as BSD, coreutils and OpenSSL write them. */
const TAGS: Readonly<Record<string, DigestAlgorithm>> = {
  MD5: 'md5',
  SHA1: 'sha1',
  SHA224: 'sha224',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
  'SHA2-224': 'sha224',
  'SHA2-256': 'sha256',
  'SHA2-384': 'sha384',
  'SHA2-512': 'sha512',
  BLAKE2b: 'blake2b',
  'BLAKE2b-512': 'blake2b',
  BLAKE2B512: 'blake2b',
  'BLAKE2B-512': 'blake2b',
  BLAKE3: 'blake3',
};

const HEX_LENGTHS: Readonly<Record<string, number>> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
  blake2b: 128,
  blake3: 64,
};

const BY_LENGTH: ReadonlyMap<number, DigestAlgorithm> = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [56, 'sha224'],
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512'],
]);

interface Context {
  readonly name: string;
  /** The algorithm of a line that does not name one; chosen by its length when absent. */
  readonly algorithm: DigestAlgorithm | undefined;
  /** The file of a digest without a name. */
  readonly beside: string | undefined;
}

/**
 * Reads what `sha256sum`, `shasum`, `b2sum`, `cksum --tag`, `openssl dgst` and their like write, or a digest alone when
 * `beside` names its file. Comments and a PGP signature around it are passed over; that signature is not verified.
 * @param algorithm what the manifest's name says
 * @throws AssayError `malformed` naming the invalid line, `limit`.
 */
export function readChecksums(
  bytes: Uint8Array,
  name: string,
  algorithm?: DigestAlgorithm,
  beside?: string,
): ManifestEntry[] {
  if (bytes.length > MAX_CHECKSUM_BYTES) {
    throw new AssayError('limit', `has more than ${MAX_CHECKSUM_BYTES} bytes`, { subject: name });
  }
  return distinctEntries(entriesOf(textOf(bytes, name), { name, algorithm, beside }), name);
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    // A byte order mark is left out.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AssayError('malformed', 'is not UTF-8', { subject: name, cause });
  }
}

function* entriesOf(text: string, context: Context): Generator<ManifestEntry> {
  for (const { line, number } of contentLines(text)) {
    if (line.length > MAX_LINE) throw noLine(context.name, number, 'is longer than any path');
    yield readTagged(line, number, context) ?? readPlain(line, number, context) ?? readAlone(line, number, context);
  }
}

interface Line {
  readonly line: string;
  /** From 1. */
  readonly number: number;
}

/** Lines with digests: without comments and without the armor of a clear-signed text. */
function* contentLines(text: string): Generator<Line> {
  let number = 0;
  let armor: 'none' | 'header' | 'text' | 'signature' = 'none';
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const raw = text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
    number++;
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line === '-----BEGIN PGP SIGNED MESSAGE-----') armor = 'header';
    else if (line === '-----BEGIN PGP SIGNATURE-----') armor = 'signature';
    else if (line === '-----END PGP SIGNATURE-----') armor = 'none';
    else if (armor === 'header' && line === '') armor = 'text';
    else if (armor === 'header' || armor === 'signature' || line === '' || line.startsWith('#')) continue;
    else yield { line: armor === 'text' && line.startsWith('- ') ? line.slice(2) : line, number };
  }
}

/** `SHA256 (file) = hex`, `SHA2-256(file)= hex` */
function readTagged(line: string, number: number, { name }: Context): ManifestEntry | undefined {
  const [, escaped, tag = '', file = '', hex = ''] =
    /^(\\?)([A-Z][A-Za-z0-9-]{1,15}) ?\((.*)\) ?= ?([0-9A-Fa-f]+)$/s.exec(line) ?? [];
  if (escaped === undefined) return undefined;
  const algorithm = TAGS[tag];
  if (algorithm === undefined) throw noLine(name, number, `has a digest of an unknown algorithm, ${tag}`);
  if (hex.length !== HEX_LENGTHS[algorithm]) throw noLine(name, number, `has a ${tag} digest of ${hex.length} digits`);
  return entry(file, escaped, algorithm, hex, number, name);
}

/** `hex  file`, `hex *file`, and the `hex file` of BSD */
function readPlain(line: string, number: number, context: Context): ManifestEntry | undefined {
  const [, escaped, hex = '', file = ''] = /^(\\?)([0-9A-Fa-f]{32,128})[ \t][ *]?(.+)$/s.exec(line) ?? [];
  if (escaped === undefined) return undefined;
  const path = file === '-' && context.beside !== undefined ? context.beside : file;
  return entry(path, escaped, algorithmOf(hex, number, context), hex, number, context.name);
}

function readAlone(line: string, number: number, context: Context): ManifestEntry {
  const hex = line.trim();
  if (context.beside === undefined || !/^[0-9A-Fa-f]{32,128}$/.test(hex)) {
    throw noLine(context.name, number, 'does not contain a digest');
  }
  return entry(context.beside, '', algorithmOf(hex, number, context), hex, number, context.name);
}

function algorithmOf(hex: string, number: number, { name, algorithm }: Context): DigestAlgorithm {
  const found =
    algorithm !== undefined && HEX_LENGTHS[algorithm] === hex.length ? algorithm : BY_LENGTH.get(hex.length);
  if (found === undefined)
    throw noLine(name, number, `has a digest of ${hex.length} digits, which no known algorithm has`);
  return found;
}

function entry(
  file: string,
  escaped: string,
  algorithm: DigestAlgorithm,
  hex: string,
  number: number,
  name: string,
): ManifestEntry {
  const text = escaped === '' ? file : unescapeName(file, number, name);
  return { path: entryPath(text, name, number), algorithm, hex: hex.toLowerCase() };
}

const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };

/** A name as coreutils escapes it, on lines that start with a backslash. */
function unescapeName(file: string, number: number, name: string): string {
  return file.replace(/\\.?/gs, (written) => {
    const character = ESCAPES[written];
    if (character === undefined) throw noLine(name, number, 'has a name with an unknown escape');
    return character;
  });
}

function noLine(name: string, number: number, what: string): AssayError {
  return new AssayError('malformed', `line ${number} ${what}`, {
    subject: name,
    hint: 'give a file that sha256sum or shasum wrote',
  });
}
