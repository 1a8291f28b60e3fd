import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type ErrorCode, type FileBudget, type Limits } from '../../core/index.ts';
import { runSandboxed } from '../../sandbox/index.ts';
import { gunzip } from './gzip.ts';
import { inflate } from './inflate.ts';
import { unlz4 } from './lz4.ts';

export type Codec = 'gzip' | 'zlib' | 'deflate' | 'bzip2' | 'xz' | 'lzma' | 'zstd' | 'lz4';

export interface DecodeOptions {
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  readonly budget?: FileBudget | undefined;
}

/** How a compressed stream ended. */
export interface DecodeEnd {
  /** The number of bytes that the stream used; `undefined` when bytes follow and the codec does not tell where. */
  readonly consumed: number | undefined;
}

export type Decoding = AsyncGenerator<Uint8Array, DecodeEnd>;

const CODECS: ReadonlySet<string> = new Set<Codec>(['gzip', 'zlib', 'deflate', 'bzip2', 'xz', 'lzma', 'zstd', 'lz4']);

export function isCodec(id: string): id is Codec {
  return CODECS.has(id);
}

/**
 * Decompresses a whole source. Deflate is the runtime's own, LZ4 is read here; the others run as 7-Zip in the sandbox.
 * @throws AssayError with a content code, after everything that was decompressed before it was given.
 */
export async function* decode(codec: Codec, source: ByteSource, options: DecodeOptions): Decoding {
  switch (codec) {
    case 'gzip':
      return { consumed: yield* gunzip(source, options.limits.maxMembers, options.budget) };
    case 'zlib':
      return { consumed: yield* inflate('zlib', source, 0, source.size) };
    case 'deflate':
      return { consumed: yield* inflate('raw', source, 0, source.size) };
    case 'lz4':
      return { consumed: yield* unlz4(source, options.budget) };
    default:
      return yield* sevenZip(codec, source, options);
  }
}

async function* sevenZip(type: Codec, source: ByteSource, { limits, signal }: DecodeOptions): Decoding {
  let problems: readonly string[] = [];
  for await (const event of runSandboxed({ task: 'seven-zip', args: { type }, input: source, limits, signal })) {
    if (event.kind === 'bytes') yield event.bytes;
    else if (event.kind === 'message') problems = streamProblems(event.value) ?? problems;
  }
  const { trailing, error } = judgeProblems(problems, source.name);
  if (error !== undefined) throw error;
  return { consumed: trailing ? undefined : source.size };
}

/** The errors of 7-Zip in a message of the sandbox; `undefined` for another message. */
export function streamProblems(message: unknown): string[] | undefined {
  if (typeof message !== 'object' || message === null || !('problems' in message)) return undefined;
  const { problems } = message;
  return Array.isArray(problems) ? problems.filter((line) => typeof line === 'string') : undefined;
}

const COMPLAINTS: readonly (readonly [RegExp, ErrorCode, string])[] = [
  [/allocate|memory/i, 'limit', 'needs more memory than the decoder has'],
  [/password|encrypted/i, 'unsupported', 'is encrypted'],
  [/Unsupported/i, 'unsupported', 'uses a method that the decoder does not know'],
  [/Unexpected end|Unavailable/i, 'truncated', 'ends too early'],
];

/** Translates the messages of 7-Zip, whose lines quote the archive. */
export function judgeProblems(
  lines: readonly string[],
  subject: string,
): { trailing: boolean; error: AssayError | undefined } {
  const trailing = lines.some((line) => /after the end of (the payload data|archive)/i.test(line));
  const serious = lines.filter((line) => !/after the end of (the payload data|archive)/i.test(line));
  if (serious.length === 0) return { trailing, error: undefined };
  const known = COMPLAINTS.find(([pattern]) => serious.some((line) => pattern.test(line)));
  const [, code, words] = known ?? [undefined, 'malformed' as const, 'is broken'];
  return { trailing, error: new AssayError(code, `the compressed stream ${words}`, { subject }) };
}
