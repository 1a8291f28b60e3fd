import { MAX_YAML_BYTES } from '../../core/yaml/index.ts';
import type { DigestAlgorithm } from '../hash/index.ts';
import { MAX_CHECKSUM_BYTES, readChecksums } from './checksums.ts';
import type { ManifestEntry } from './manifest.ts';

/** The kind of manifest, by the name of the file. */
export type ManifestKind =
  /** `SHA256SUMS`: digests of files beside and below it. */
  | { readonly kind: 'checksums'; readonly algorithm?: DigestAlgorithm }
  /** `model.pt.sha256`: the digest of the file beside it. */
  | { readonly kind: 'sidecar'; readonly algorithm?: DigestAlgorithm; readonly beside: string }
  | { readonly kind: 'dvc' }
  | { readonly kind: 'dvc-lock' };

const ALGORITHMS: Readonly<Record<string, DigestAlgorithm>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  b2: 'blake2b',
  b3: 'blake3',
  blake2b: 'blake2b',
  blake3: 'blake3',
};
const HASH = '(md5|sha1|sha224|sha256|sha384|sha512|b2|b3|blake2b|blake3)';
const SUMS = new RegExp(`^(?:${HASH}[._-]?(?:sums?|checksums?)|checksums?[._-]?${HASH}?)(?:\\.txt)?$`, 'i');
const SIDECAR = new RegExp(`^(.+)\\.${HASH}(?:sum)?(?:\\.txt)?$`, 'i');

/** Whether a file of this path is a manifest, and of which kind; `undefined` for any other file. */
export function manifestKind(path: string): ManifestKind | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === 'dvc.lock') return { kind: 'dvc-lock' };
  if (/.\.dvc$/.test(name)) return { kind: 'dvc' };
  const sums = SUMS.exec(name);
  if (sums !== null) return { kind: 'checksums', ...algorithmNamed(sums[1] ?? sums[2]) };
  const [, beside = '', hash] = SIDECAR.exec(name) ?? [];
  if (hash === undefined) return undefined;
  const named = algorithmNamed(hash);
  return /^checksums?$/i.test(beside) ? { kind: 'checksums', ...named } : { kind: 'sidecar', beside, ...named };
}

function algorithmNamed(hash: string | undefined): { algorithm?: DigestAlgorithm } {
  const algorithm = ALGORITHMS[hash?.toLowerCase() ?? ''];
  return algorithm === undefined ? {} : { algorithm };
}

/** Bytes that a manifest of a kind may have. */
export function maxManifestBytes({ kind }: ManifestKind): number {
  return kind === 'dvc' || kind === 'dvc-lock' ? MAX_YAML_BYTES : MAX_CHECKSUM_BYTES;
}

/**
 * The digests that a manifest announces. Nothing is executed, and nothing in it is trusted.
 * @param name for messages
 * @throws AssayError `malformed`, `limit`.
 */
export async function readManifest(kind: ManifestKind, bytes: Uint8Array, name: string): Promise<ManifestEntry[]> {
  switch (kind.kind) {
    case 'checksums':
      return readChecksums(bytes, name, kind.algorithm);
    case 'sidecar':
      return readChecksums(bytes, name, kind.algorithm, kind.beside);
    case 'dvc': {
      const { readDvcFile } = await import('./dvc.ts');
      return readDvcFile(bytes, name);
    }
    case 'dvc-lock': {
      const { readDvcLock } = await import('./dvc.ts');
      return readDvcLock(bytes, name);
    }
  }
}
