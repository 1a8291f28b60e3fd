import { type Artifact, AssayError } from '../../core/index.ts';
import { SHA256_PLAN, treeDigest } from '../../integrity/hash/index.ts';
import type { Verification } from '../../report/index.ts';
import { openArtifact, type SourceOptions } from '../../sources/index.ts';
import { type DigestedFile, digestArtifact, sha256Of } from '../digest-artifact.ts';
import { judgeSignature, openSignature, SIGNATURE_NAME } from '../signature/index.ts';
import type { TrustChoice } from './choice.ts';
import { readTrusts } from './trust.ts';
import { refuseWaiversFrom, trustFiles } from './waiver-place.ts';

/**
 * Hashes every file of an artifact, and compares them with its signature (OpenSSF Model Signing).
 * @throws AssayError what opening throws; `not-found` without a signature, `usage` about the choice, `unreadable`, `aborted`. A
 *   signature that does not hold is a result.
 */
export async function verifyModel(ref: string, trust: TrustChoice, options: SourceOptions = {}): Promise<Verification> {
  const started = performance.now();
  const env = options.env ?? process.env;
  const trusts = await readTrusts(trust, env);
  await refuseWaiversFrom(ref, await trustFiles(trust, env), env);
  const artifact = await openArtifact(ref, { ...options, everything: true });
  try {
    const opened = await openSignature(artifact, { path: trust.signature, trusts });
    if (opened === undefined) throw noSignature(artifact);
    const plans = opened.plan.algorithm === 'sha256' && opened.plan.shardSize === undefined ? [] : [opened.plan];
    const files = await digestArtifact(artifact, [SHA256_PLAN, ...plans], options);
    const signature = await judgeSignature(opened, artifact, files);
    const { pinned } = artifact;
    return {
      artifact: { ref: artifact.ref, pinned, digest: treeDigest(files.map(hashed)) },
      signature,
      files: files.length,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      durationMs: performance.now() - started,
    };
  } finally {
    await artifact.close();
  }
}

/**
 * Whether a trusted signer signed the files as they are.
 * @param allowPartial whether files may be left uncovered; a signature of no files is valid for every model, and is not
 * accepted
 */
export function isVerified({ signature: { status, covered } }: Verification, allowPartial = false): boolean {
  return status === 'verified' || (status === 'partial' && allowPartial && covered > 0);
}

function hashed(file: DigestedFile) {
  return { path: file.path, size: file.size, sha256: sha256Of(file) };
}

function noSignature({ ref, files }: Artifact): AssayError {
  const others = files.filter(({ path }) => /\.sig(?:store(?:\.json)?)?$|\.sigstore$/.test(path)).slice(0, 3);
  const like = others.length === 0 ? '' : `; other signatures are ${others.map(({ path }) => path).join(', ')}`;
  return new AssayError('not-found', `has no signature: neither ${SIGNATURE_NAME} in it nor a .sig file beside it`, {
    subject: ref,
    hint: `name it with --signature${like}`,
  });
}
