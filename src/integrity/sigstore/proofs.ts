import { createHash } from 'node:crypto';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import {
  type SignedEntity,
  type TrustMaterial,
  toSignedEntity,
  VerificationError,
  Verifier,
  type VerifierOptions,
} from '@sigstore/verify';
import { type Envelope, isSignatureError, pae, SignatureError, verifyEnvelope } from '../envelope/index.ts';
import type { Certificate } from '../x509/index.ts';
import type { KeylessBundle } from './keyless-bundle.ts';
import { materialOf } from './trusted-root.ts';

export interface ProofRequest {
  readonly keyless: KeylessBundle;
  readonly envelope: Envelope;
  readonly leaf: Certificate;
  /** The claims of the bundle that its proofs must prove. */
  readonly times: readonly Date[];
  readonly root: TrustedRoot;
}

/**
 * Has Sigstore's verifier prove the timestamps, the chain of the certificate and its entry in a certificate log, the log entries
 * and the signature.
 * @throws SignatureError `bundle`, `timestamp`, `log-entry`, `certificate-time`, `certificate-chain`
 * @throws AssayError `malformed` when the trusted root cannot be read
 */
export function verifyProofs({ keyless, envelope, leaf, times, root }: ProofRequest): void {
  const all = materialOf(root);
  // A checkpoint has no time of its own: a log is trusted for the time in which its key was valid.
  const tlogs = all.tlogs.filter(({ validFor }) => times.every((at) => validFor.start <= at && at <= validFor.end));
  const material = { ...all, tlogs };
  let entity: SignedEntity;
  try {
    entity = { ...toSignedEntity(keyless.bundle), signature: contentOf(envelope) };
  } catch (cause) {
    throw new SignatureError('bundle', 'the bundle cannot be read by the verifier of Sigstore', { cause });
  }
  try {
    const ctlogThreshold = all.ctlogs.length > 0 ? 1 : 0;
    new Verifier(material, { tlogThreshold: 1, timestampThreshold: 1, ctlogThreshold }).verify(entity);
  } catch (error) {
    throw explain(error, entity, material, leaf, times);
  }
}

/**
 * The envelope for the verifier, which itself would hash with SHA-256 whatever the key, and has done that here already. Logs
 * hold the hash of the payload (`dsse`, `intoto`), or of all that is signed (`hashedrekord`), and the signature.
 */
function contentOf(envelope: Envelope): SignedEntity['signature'] {
  const { signature, payloadType, payload } = envelope;
  const digests = [payload, pae(payloadType, payload)].map((bytes) => createHash('sha256').update(bytes).digest());
  return {
    signature,
    compareSignature: (other) => signature.equals(other),
    compareDigest: (other) => digests.some((digest) => digest.equals(other)),
    verifySignature: (key) => {
      try {
        verifyEnvelope(envelope, key);
        return true;
      } catch (error) {
        if (isSignatureError(error)) return false;
        throw error;
      }
    },
  };
}

/**
 * Which part of the bundle fails, and why. The verifier stops at the first failure, and some are raw errors: to name the failed
 * part with certainty, each part is verified alone.
 */
function explain(
  error: unknown,
  entity: SignedEntity,
  material: TrustMaterial,
  leaf: Certificate,
  times: readonly Date[],
): SignatureError {
  const stamps = entity.timestamps.filter(({ $case }) => $case === 'timestamp-authority');
  const stampFailure = failureOf({ ...entity, tlogEntries: [], timestamps: stamps }, material, leaf);
  if (stampFailure !== undefined) {
    const message = `a timestamp is not valid: ${stampFailure.message}`;
    return new SignatureError('timestamp', message, { cause: stampFailure.cause });
  }
  const logFailure = failureOf({ ...entity, timestamps: [] }, material, leaf);
  if (logFailure !== undefined) {
    const message = `the transparency log does not prove the signature: ${logFailure.message}`;
    return new SignatureError('log-entry', message, { cause: logFailure.cause });
  }
  const cause = { cause: error };
  if (error instanceof VerificationError && error.code === 'TIMESTAMP_ERROR') {
    return new SignatureError('timestamp', `the times of the signature are not valid: ${error.message}`, cause);
  }
  const outside = times.find((at) => at < leaf.notBefore || at > leaf.notAfter);
  if (outside !== undefined) {
    const span = `${leaf.notBefore.toISOString()} to ${leaf.notAfter.toISOString()}`;
    const message = `the certificate of the signer was valid from ${span}, but the signature was made at ${outside.toISOString()}`;
    return new SignatureError('certificate-time', message, cause);
  }
  if (error instanceof Error && /SCT/.test(error.message)) {
    const message = 'no trusted certificate log contains the certificate of the signer';
    return new SignatureError('certificate-chain', message, cause);
  }
  const message = 'no authority of the trusted root issued the certificate of the signer';
  return new SignatureError('certificate-chain', message, cause);
}

/** How some parts of an entity fail, with the key of the certificate taken as given. */
function failureOf(
  entity: SignedEntity,
  material: TrustMaterial,
  leaf: Certificate,
): { readonly message: string; readonly cause: unknown } | undefined {
  const publicKey = () => ({ publicKey: leaf.key, validFor: () => true });
  const none: VerifierOptions = { tlogThreshold: 0, timestampThreshold: 0, ctlogThreshold: 0 };
  try {
    new Verifier({ ...material, publicKey }, none).verify({ ...entity, key: { $case: 'public-key', hint: '' } });
    return undefined;
  } catch (cause) {
    const message = cause instanceof VerificationError ? cause.message : 'it is malformed';
    return { message: message.slice(0, 200), cause };
  }
}
