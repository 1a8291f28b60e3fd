import { AssayError } from '../core/index.ts';
import type { Format } from './format.ts';
import { textHead } from './text.ts';

/** The content of a checkout file whose real content Git LFS stores. */
export interface LfsPointer {
  /** Hex, of the file's content. */
  readonly sha256: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Names of programs that change the content on its way. */
  readonly extensions: readonly string[];
}

/** The specification's own version, and those of its first years that the client still reads. */
const VERSIONS: ReadonlySet<string> = new Set([
  'https://git-lfs.github.com/spec/v1',
  'https://hawser.github.com/spec/v1',
  'http://git-media.io/v/2',
]);
/** "Pointer files must be less than 1024 bytes in size, including any pointer extension lines." */
const TOO_LONG = 1024;
const LINE = /^([a-z0-9.-]+) (\S[^\r\n]*)$/;
const OID = /^sha256:([0-9a-f]{64})$/;
const EXTENSION = /^ext-(\d)-([a-z0-9.-]+)$/;

/** Text that begins like a pointer and is as short as one: a pointer, or an edited one. */
export const LFS_POINTER: Format = {
  id: 'lfs-pointer',
  title: 'Git LFS pointer',
  extensions: [],
  identify(probe) {
    if (probe.size >= TOO_LONG) return false;
    const [, version] = /^version ([^\r\n]+)\r?(?:\n|$)/.exec(textHead(probe)?.text ?? '') ?? [];
    return version !== undefined && VERSIONS.has(version);
  },
};

/**
 * Reads a pointer as the specification has it (docs/spec.md of git-lfs): lines of a key, a space and a value, `version` first,
 * the others sorted.
 * @throws AssayError `malformed`
 */
export function parseLfsPointer(bytes: Uint8Array, name: string): LfsPointer {
  const lines = linesOf(bytes, name);
  const [version, ...others] = lines;
  if (version?.key !== 'version' || !VERSIONS.has(version.value))
    throw malformed(name, 'does not begin with a version');
  const values = new Map(others.map(({ key, value }) => [key, value]));
  const keys = others.map(({ key }) => key);
  if (keys.some((key, i) => i > 0 && key <= (keys[i - 1] ?? ''))) throw malformed(name, 'has its keys out of order');
  const oid = OID.exec(values.get('oid') ?? '')?.[1];
  if (oid === undefined) throw malformed(name, 'does not name a SHA-256 digest');
  const size = values.get('size') ?? '';
  if (!/^(?:0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw malformed(name, 'does not name a size');
  const extensions = keys.filter((key) => key !== 'oid' && key !== 'size').map((key) => extensionOf(key, values, name));
  return { sha256: oid, size: Number(size), extensions };
}

function linesOf(bytes: Uint8Array, name: string): { key: string; value: string }[] {
  if (bytes.length >= TOO_LONG) throw malformed(name, `is not shorter than ${TOO_LONG} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AssayError('malformed', 'is not UTF-8', { subject: name, cause });
  }
  if (!text.endsWith('\n')) throw malformed(name, 'does not end with a line feed');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => {
      const [, key, value] = LINE.exec(line) ?? [];
      if (key === undefined || value === undefined) throw malformed(name, 'has a line that is not a key and value');
      return { key, value };
    });
}

function extensionOf(key: string, values: ReadonlyMap<string, string>, name: string): string {
  const extension = EXTENSION.exec(key)?.[2];
  if (extension === undefined) throw malformed(name, 'has a key that no pointer has');
  if (!OID.test(values.get(key) ?? '')) throw malformed(name, 'has an extension without a SHA-256 digest');
  return extension;
}

function malformed(name: string, message: string): AssayError {
  return new AssayError('malformed', message, { subject: name });
}
