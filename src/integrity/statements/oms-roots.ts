import { createHash } from 'node:crypto';
import { coverageOf } from '../sign/index.ts';
import type { ArtifactIdentity } from './subject.ts';

/** The path of a signature, which is not part of the signed files. */
const SIGNATURE = 'model.sig';

/**
 * The root digests that an OpenSSF model signature has over these files when they are signed whole, by SHA-256, as usual: in the
 * order of the reference implementation (by the parts of a path), and in that of the specification (by the whole path).
 * @returns `undefined` when such a signature would cover nothing
 */
export function omsRootsOf(
  files: readonly { readonly path: string; readonly sha256: string }[],
): ArtifactIdentity['omsRoots'] {
  const { covered } = coverageOf(files, { ignore: [], signature: SIGNATURE, everything: false });
  if (covered.length === 0) return undefined;
  return {
    // No name holds a NUL, which sorts before all else.
    referenceOrder: rootOf(covered, (path) => path.replaceAll('/', '\0')),
    specOrder: rootOf(covered, (path) => path),
  };
}

function rootOf(
  files: readonly { readonly path: string; readonly sha256: string }[],
  keyOf: (path: string) => string,
): string {
  const root = createHash('sha256');
  const sorted = files
    .map(({ path, sha256 }) => ({ key: Buffer.from(keyOf(path)), sha256 }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  for (const { sha256 } of sorted) root.update(sha256, 'hex');
  return root.digest('hex');
}
