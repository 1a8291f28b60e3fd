import type { Artifact, ArtifactFile } from '../core/artifact.ts';
import { SliceSource } from '../core/byte-source.ts';
import { AssayError } from '../core/errors.ts';
import { type HttpsReference, shownAddress } from '../core/reference.ts';
import { spool } from '../core/spool.ts';
import { createEgress, type Egress } from '../egress/egress.ts';
import { httpError } from '../egress/http-error.ts';
import { type HttpFile, streamWhole } from './http-body.ts';
import { HttpRanges } from './http-range.ts';
import { HttpSource } from './http-source.ts';
import { envOf, limitsOf, type SourceOptions } from './source.ts';

/**
 * One file behind an address, read by ranges where the server has them and a strong ETag, else whole. It is pinned to
 * nothing: the same address may answer with other bytes tomorrow.
 * @throws AssayError `not-found`, `unauthorized`, `network`, `refused`, `limit`, `usage` when offline.
 */
export async function openHttps(reference: HttpsReference, options: SourceOptions): Promise<Artifact> {
  const subject = shownAddress(reference.url);
  if (options.offline === true) {
    throw new AssayError('usage', 'no connection may be opened (--offline)', {
      subject,
      mend: 'run without --offline, or download the file',
    });
  }
  const egress = createEgress({ ...options.egress, env: envOf(options), signal: options.signal });
  try {
    const file = await httpsFile(egress, reference.url, subject, options);
    const close = async () => {
      await file.release?.();
      await egress.close();
    };
    return { ref: reference.url, pinned: reference.url, files: [file], notes: [], close };
  } catch (error) {
    await egress.close();
    throw error;
  }
}

/** `release` gives back what the file holds beyond its openings. */
type HeldFile = ArtifactFile & { release?: () => Promise<void> };

async function httpsFile(egress: Egress, url: string, name: string, options: SourceOptions): Promise<HeldFile> {
  const http: HttpFile = { url, name, egress, explain: async (response) => httpError(response, url) };
  const path = fileName(url);
  const ranges = await HttpRanges.open(http, undefined, options.signal);
  if (ranges !== undefined) {
    return {
      path,
      size: ranges.size,
      distance: 'far',
      open: async (signal = options.signal) => new HttpSource(ranges, name, signal),
    };
  }
  const limits = limitsOf(options);
  const budget = { remaining: limits.maxExpandedBytes };
  const whole = streamWhole(http, undefined, limits.maxExpandedBytes, options.signal);
  const source = await spool(whole, name, Number.MAX_SAFE_INTEGER, budget, limits);
  const { size } = source;
  const open = async () => new SliceSource(source, 0, size, name);
  return { path, size, distance: 'near', open, release: () => source.close() };
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
