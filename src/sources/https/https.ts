import { type ByteSource, SliceSource, spool } from '../../core/bytes/index.ts';
import { type Artifact, type ArtifactFile, AssayError, type ClaimedDigest, isAssayError } from '../../core/index.ts';
import { formatReference, type HttpsReference, shownAddress } from '../../core/reference/index.ts';
import { createEgress, httpError } from '../../egress/index.ts';
import { checked } from '../claim.ts';
import { type HttpFile, HttpRanges, HttpSource, streamWhole } from '../http/index.ts';
import { envOf, limitsOf, type SourceOptions } from '../source.ts';

/**
 * One file behind an address. Without a digest it is read by ranges where the server has them and a strong ETag, else whole,
 * and it is pinned to nothing: the same address may answer with other bytes tomorrow. With `#sha256=` it is fetched whole and
 * hashed before any of it is read, and other bytes are never returned.
 * @throws AssayError `not-found`, `unauthorized`, `network`, `refused`, `limit`, `usage` when offline.
 */
export async function openHttps(reference: HttpsReference, options: SourceOptions): Promise<Artifact> {
  const subject = shownAddress(reference.url);
  if (options.offline === true) {
    throw new AssayError('usage', 'no connection may be opened (--offline)', {
      subject,
      hint: 'run without --offline, or download the file',
    });
  }
  const egress = createEgress({ ...options.egress, env: envOf(options), signal: options.signal });
  try {
    const http: HttpFile = {
      url: reference.url,
      name: subject,
      egress,
      explain: async (response) => httpError(response, reference.url),
    };
    const file =
      reference.sha256 === undefined
        ? await changingFile(http, options)
        : await pinnedFile(http, { algorithm: 'sha256', hex: reference.sha256 }, options);
    const close = async () => {
      await file.release?.();
      await egress.close();
    };
    const ref = formatReference(reference);
    return { ref, pinned: ref, files: [file], notes: [], close };
  } catch (error) {
    await egress.close();
    throw error;
  }
}

/** `release` frees what the file holds after it is closed. */
type HeldFile = ArtifactFile & { release?: () => Promise<void> };

async function changingFile(http: HttpFile, options: SourceOptions): Promise<HeldFile> {
  const { name, url } = http;
  const ranges = await HttpRanges.open(http, undefined, options.signal);
  if (ranges === undefined) return heldFile(await spoolWhole(http, options), http);
  return {
    path: fileName(url),
    size: ranges.size,
    distance: 'far',
    open: async (signal = options.signal) => new HttpSource(ranges, name, signal),
  };
}

/** A file with another digest than the reference names cannot be opened; the policy denies it. */
async function pinnedFile(http: HttpFile, claimed: ClaimedDigest, options: SourceOptions): Promise<HeldFile> {
  let size = 0;
  try {
    const source = await spoolWhole(http, options, (bytes) => {
      const counted = passing(bytes, (length) => {
        size += length;
      });
      return checked(counted, claimed, 0, http.name);
    });
    return { ...heldFile(source, http), claimed };
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'mismatch') throw error;
    return { path: fileName(http.url), size, claimed, distance: 'near', open: () => Promise.reject(error) };
  }
}

async function* passing(
  bytes: AsyncIterable<Uint8Array>,
  onLength: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    onLength(chunk.length);
    yield chunk;
  }
}

function spoolWhole(
  http: HttpFile,
  options: SourceOptions,
  through: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array> = (bytes) => bytes,
): Promise<ByteSource> {
  const limits = limitsOf(options);
  const whole = streamWhole(http, undefined, limits.maxExpandedBytes, options.signal);
  return spool(through(whole), http.name, Number.MAX_SAFE_INTEGER, { remaining: limits.maxExpandedBytes }, limits);
}

function heldFile(source: ByteSource, { name, url }: HttpFile): HeldFile {
  const { size } = source;
  const open = async () => new SliceSource(source, 0, size, name);
  return { path: fileName(url), size, distance: 'near', open, release: () => source.close() };
}

/** The last part of the address's path, if it can be a file's name. */
function fileName(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    const name = decodeURIComponent(last);
    return name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name) ? 'download' : name;
  } catch {
    return 'download';
  }
}
