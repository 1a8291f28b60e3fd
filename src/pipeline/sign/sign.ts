import { type Artifact, AssayError, type OnEvent } from '../../core/index.ts';
import { IN_TOTO_PAYLOAD } from '../../integrity/envelope/index.ts';
import { type HashAlgorithm, wholeDigest } from '../../integrity/hash/index.ts';
import { modelStatement, type PayloadSigner } from '../../integrity/sign/index.ts';
import { digestArtifact } from '../digest-artifact.ts';
import type { SigningPlace } from './place.ts';
import type { PreparedSigning } from './prepare.ts';

/** What was signed, and the signature, which is not written yet. */
export interface SigningResult {
  readonly place: SigningPlace;
  /** A Sigstore bundle, JSON. */
  readonly text: string;
  readonly files: number;
  readonly bytes: number;
  readonly hash: HashAlgorithm;
  /** Hex: the subject of the signature, which is not the digest that `assay digest` and reports name. */
  readonly rootDigest: string;
  /** The number of files that the caller left out. */
  readonly ignored: number;
  /** The number of files that the signature does not cover, and that nobody asked to leave out. */
  readonly uncovered: number;
}

/**
 * Hashes every covered file, and signs the manifest of them (OpenSSF Model Signing v1.0).
 * @throws AssayError `unreadable`, `mismatch` for a file that changes meanwhile, `aborted`; what the signer throws
 */
export async function signPrepared(
  { place, covered, ignored, uncovered, ignorePaths, hash, allowSymlinks }: PreparedSigning,
  { ref }: Artifact,
  signer: PayloadSigner,
  options: { readonly signal?: AbortSignal; readonly onEvent?: OnEvent },
): Promise<SigningResult> {
  const digested = await digestArtifact({ ref, files: covered }, [{ algorithm: hash }], options);
  const statement = modelStatement({
    name: place.name,
    algorithm: hash,
    allowSymlinks,
    ignorePaths,
    files: digested.map(({ path, digests }) => ({
      path: place.single ? '.' : path,
      digest: wholeDigest(digests, hash) ?? missing(path),
    })),
  });
  const bundle = await signer.sign(IN_TOTO_PAYLOAD, statement.payload);
  return {
    place,
    text: JSON.stringify(bundle),
    files: digested.length,
    bytes: digested.reduce((sum, { size }) => sum + size, 0),
    hash,
    rootDigest: statement.rootDigest,
    ignored: ignored.length,
    uncovered: uncovered.length,
  };
}

function missing(path: string): never {
  throw new AssayError('internal', 'was not hashed', { subject: path });
}
