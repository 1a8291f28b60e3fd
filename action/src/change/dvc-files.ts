import { createHash } from 'node:crypto';
import { lstat, realpath } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import * as v from 'valibot';
import { chunks, FileSource } from '../../../src/core/bytes/index.ts';
import { type ArtifactFile, isAssayError, parseBoundedJson } from '../../../src/core/index.ts';
import { isArtifactPath } from '../../../src/core/reference/index.ts';
import type { ManifestEntry } from '../../../src/integrity/manifests/index.ts';

/** CWE-770: bytes of the listing of a folder, and files in it. */
const MAX_LISTING = 16 * 1024 * 1024;
const MAX_LISTED = 10_000;

const Listing = v.array(
  v.object({
    md5: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
    relpath: v.pipe(v.string(), v.check(isArtifactPath)),
  }),
);

/** Data that is announced and not there, or is not what was announced. */
export interface MissingData {
  readonly path: string;
  readonly hex: string;
  readonly why: string;
}

export interface FoundData {
  readonly files: readonly ArtifactFile[];
  readonly missing: readonly MissingData[];
}

/**
 * Finds data of DVC where `dvc pull` has brought it: in the cache of the workspace, or in its place. Nothing is fetched. What lies
 * there counts only if it has the MD5 that DVC names; it is then held to its SHA-256, for nothing else binds bytes.
 */
export class DvcFiles {
  readonly #workspace: string;

  private constructor(workspace: string) {
    this.#workspace = workspace;
  }

  static async of(workspace: string): Promise<DvcFiles> {
    return new DvcFiles(await realpath(workspace));
  }

  /** @param from the file of DVC, whose folder the paths of its entries start at */
  async find(from: string, { path, hex, folder }: ManifestEntry): Promise<FoundData> {
    const target = posix.join(posix.dirname(from), path);
    if (folder === true) return this.#folder(from, target, hex);
    return this.#file(from, target, hex);
  }

  async #file(from: string, path: string, md5: string): Promise<FoundData> {
    let why = 'is not in the checkout';
    for (const place of [...this.#cached(from, md5), join(this.#workspace, path)]) {
      const content = await this.#content(place);
      if (content === undefined) continue;
      if (content.md5 !== md5) {
        why = `differs from the file in the checkout (MD5 ${content.md5})`;
        continue;
      }
      const claimed = { algorithm: 'sha256', hex: content.sha256 } as const;
      const file: ArtifactFile = {
        path,
        size: content.size,
        distance: 'near',
        claimed,
        open: async () => FileSource.open(place),
      };
      return { files: [file], missing: [] };
    }
    return { files: [], missing: [{ path, hex: md5, why }] };
  }

  /** A folder is announced by the MD5 of its listing, which lies in the cache. */
  async #folder(from: string, path: string, md5: string): Promise<FoundData> {
    const missing = (why: string): FoundData => ({ files: [], missing: [{ path, hex: md5, why }] });
    for (const place of this.#cached(from, md5, '.dir')) {
      const content = await this.#content(place, MAX_LISTING);
      if (content === undefined || content.md5 !== md5 || content.bytes === undefined) continue;
      const listed = v.safeParse(Listing, jsonOf(content.bytes));
      if (!listed.success) return missing('has a listing that cannot be read');
      if (listed.output.length > MAX_LISTED) return missing(`has more than ${MAX_LISTED} files`);
      const files: ArtifactFile[] = [];
      const lost: MissingData[] = [];
      for (const { md5: hex, relpath } of listed.output) {
        const found = await this.#file(from, `${path}/${relpath}`, hex);
        files.push(...found.files);
        lost.push(...found.missing);
      }
      return { files, missing: lost };
    }
    return missing('has no listing in the cache of the checkout');
  }

  /** Places in the cache, of DVC 3 and before, of the nearest project around the file. */
  #cached(from: string, md5: string, ending = ''): string[] {
    const name = join(md5.slice(0, 2), md5.slice(2) + ending);
    const folders: string[] = [];
    for (let at = posix.dirname(from); ; at = posix.dirname(at)) {
      folders.push(join(this.#workspace, at, '.dvc', 'cache'));
      if (at === '.') break;
    }
    return folders.flatMap((cache) => [join(cache, 'files', 'md5', name), join(cache, name)]);
  }

  /** The digests of a regular file that no link out of the workspace leads to. @param keep bytes that are kept, too */
  async #content(place: string, keep = 0) {
    try {
      const stat = await lstat(place);
      if (!stat.isFile() || !(await realpath(place)).startsWith(this.#workspace + sep)) return undefined;
    } catch {
      // What is absent or cannot be read is not here: it is reported as not scanned.
      return undefined;
    }
    const source = await FileSource.open(place);
    try {
      const [md5, sha256] = [createHash('md5'), createHash('sha256')];
      const kept: Uint8Array[] = [];
      for await (const chunk of chunks(source)) {
        md5.update(chunk);
        sha256.update(chunk);
        if (source.size <= keep) kept.push(Uint8Array.from(chunk));
      }
      const bytes = source.size <= keep ? Buffer.concat(kept) : undefined;
      return { size: source.size, md5: md5.digest('hex'), sha256: sha256.digest('hex'), bytes };
    } finally {
      await source.close();
    }
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseBoundedJson(bytes, 'the listing', { maxBytes: MAX_LISTING, maxDepth: 8, maxTokens: 1_000_000 });
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return undefined;
  }
}
