import { isAssayError } from '../../core/index.ts';
import { verifyAttestation } from '../../integrity/attestations/index.ts';
import { isSignatureError, readBundle } from '../../integrity/envelope/index.ts';
import { type ImagePredicate, PREDICATE_TYPES } from '../../integrity/statements/index.ts';
import { type ApprovalMethod, MAX_IMAGE_ATTESTATION } from '../api/index.ts';
import { RegistryError } from '../registry-error.ts';
import type { Context } from '../store/index.ts';
import { approvalSigner } from './approval.ts';
import { digestOfStatement } from './waiver.ts';

/** A signed approval of an image. */
export interface SignedImage {
  /** `sha256:<hex>` of the manifest. */
  readonly digest: string;
  readonly predicate: ImagePredicate;
  /** `sha256:<hex>` of what was signed. */
  readonly statement: string;
  readonly signer: string;
  readonly method: ApprovalMethod;
  /** The Sigstore bundle as JSON text. */
  readonly attestation: string;
}

/**
 * Verifies an approval of an image by the trust file.
 * @throws RegistryError `no-trust`, `bad-attestation`
 */
export async function verifyImage({ trust }: Context, attestation: string, now: Date): Promise<SignedImage> {
  if (trust === undefined)
    throw new RegistryError('no-trust', 'no trust file says who can approve images', { hint: 'configure one' });
  if (attestation.length > MAX_IMAGE_ATTESTATION) throw bad('it has more than 1 MiB');
  try {
    const bundle = readBundle(Buffer.from(attestation), 'the approval');
    const { statement, signer } = await verifyAttestation(bundle, trust, { kind: 'image', now });
    if (statement.predicateType !== PREDICATE_TYPES.image) throw bad('it is not an approval of an image');
    const { predicate, subject } = statement;
    const digest = `sha256:${subject[0]?.digest.sha256 ?? ''}`;
    if (subject.length !== 1 || !predicate.image.endsWith(`@${digest}`))
      throw bad('its subject is not the image that it names');
    return { digest, predicate, statement: digestOfStatement(attestation), ...approvalSigner(signer), attestation };
  } catch (error) {
    if (isSignatureError(error) || isAssayError(error)) throw bad(error.message, error);
    throw error;
  }
}

function bad(why: string, cause?: unknown): RegistryError {
  return new RegistryError('bad-attestation', `the approval of the image is not valid: ${why}`, {
    hint: 'a signer with may: [image] in the trust file signs it: assay approve oci://IMAGE@sha256:... --as program',
    ...(cause === undefined ? {} : { cause }),
  });
}
