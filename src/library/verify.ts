import { isVerified, type TrustChoice, verifyModel } from '../pipeline/judging/index.ts';
import type { Verification } from '../report/index.ts';
import type { SourceOptions } from '../sources/index.ts';

export interface VerifyOptions extends TrustChoice, SourceOptions {
  /** Accepts a signature that leaves files uncovered, as long as it covers one. */
  readonly allowPartial?: boolean;
}

export interface VerifyResult extends Verification {
  /** A trusted signer signed the files as they are. */
  readonly verified: boolean;
}

/**
 * Hashes every file of an artifact, and verifies its signature (OpenSSF Model Signing).
 * @throws AssayError `not-found` without a signature; `usage` about options and the files that they name, and what opening
 *   throws. A signature that does not hold is a result.
 * @example
 * const { verified, signature } = await verify('./model', { publicKey: 'publisher.pub' });
 * if (!verified) throw new Error(signature.detail);
 */
export async function verify(ref: string, options: VerifyOptions): Promise<VerifyResult> {
  const verification = await verifyModel(ref, options, options);
  return { ...verification, verified: isVerified(verification, options.allowPartial) };
}
