import type { Entity, SaidDigest } from './document.ts';

/** A file whose bytes were hashed here. */
export interface HashedHandFile {
  /** As messages name it. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** 32 hex digits. */
  readonly md5: string;
}

/** What lies where a document says: a file, a folder by the MD5 of DVC's listing of it, nothing, or what is not opened, and why. */
export type LyingThere =
  | { readonly kind: 'file'; readonly file: HashedHandFile }
  | { readonly kind: 'folder'; readonly files: readonly HashedHandFile[]; readonly listing: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly why: string };

/** How bytes compareBytes with what a document says of them. */
export interface ByteComparison {
  readonly status: 'claimed' | 'absent' | 'malformed' | 'mismatched';
  /** A sentence without its subject. */
  readonly why: string;
}

/** Compares what lies there with every digest and size that is said of it; the first that contradicts decides. */
export function compareBytes({ problem, digests, size }: Entity, found: LyingThere): ByteComparison {
  if (found.kind === 'refused') return { status: 'malformed', why: found.why };
  if (found.kind === 'missing') return { status: 'absent', why: 'is not at hand' };
  if (problem !== null) return { status: 'malformed', why: problem };
  const held = heldBy(found);
  const said = digests.filter(({ algorithm, of }) => held.has(keyOf({ algorithm, of })));
  const broken = said.find((digest) => held.get(keyOf(digest)) !== digest.hex);
  if (broken !== undefined) {
    const has = `${broken.algorithm}:${held.get(keyOf(broken))}`;
    return { status: 'mismatched', why: `has ${has}, and ${broken.algorithm}:${broken.hex} is said of it` };
  }
  if (found.kind === 'file' && size !== null && size !== found.file.size)
    return { status: 'mismatched', why: `has ${found.file.size} bytes, and ${size} are said of it` };
  const strong = said.some(({ algorithm }) => algorithm === 'sha256');
  if (strong) return { status: 'claimed', why: 'has the SHA-256 that is said of it' };
  if (said.length > 0)
    return { status: 'claimed', why: 'has the MD5 that is said of it, with which another file can be made to agree' };
  return digests.length > 0
    ? { status: 'malformed', why: `is known by ${digests[0]?.algorithm}, which cannot be compared with its bytes` }
    : { status: 'absent', why: 'has no digest in the document' };
}

function keyOf({ algorithm, of }: Pick<SaidDigest, 'algorithm' | 'of'>): string {
  return `${algorithm} of ${of}`;
}

function heldBy(found: Extract<LyingThere, { readonly kind: 'file' | 'folder' }>): ReadonlyMap<string, string> {
  if (found.kind === 'folder') return new Map([[keyOf({ algorithm: 'md5', of: 'listing' }), found.listing]]);
  const { sha256, md5 } = found.file;
  return new Map([
    [keyOf({ algorithm: 'sha256', of: 'bytes' }), sha256],
    [keyOf({ algorithm: 'md5', of: 'bytes' }), md5],
  ]);
}
