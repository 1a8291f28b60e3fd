import type { SignatureAssessment, Signer, UncoveredFile } from '../../core/assessment/index.ts';
import { isSignatureError, type SignatureError, type SignedBundle } from '../envelope/index.ts';
import { compareModel, type ModelComparison, type SignedModel } from './compare.ts';
import type { OmsManifest } from './manifest.ts';
import { planName, planOf } from './statement.ts';
import type { VerifiedModelSignature } from './verify.ts';

export type { SignedModel };

/** Names of files that a sentence lists; the assessment lists them all. */
const NAMED_FILES = 3;

export interface SignatureToAssess {
  /** Where the signature was read: its path within the artifact, or as it was given. */
  readonly signature: string;
  /** The result of the verification, or why the signature is not valid. */
  readonly verified: VerifiedModelSignature | SignatureError;
  /** Hashed as `planOf` the manifest asks. */
  readonly model: SignedModel;
}

/**
 * Whether a signature is valid, by which signer, and for which files. @throws AssayError for failures to check: an invalid
 * signature is a result
 */
export function assessSignature({ signature, verified, model }: SignatureToAssess): SignatureAssessment {
  const nothing = nothingKnown(signature);
  if (isSignatureError(verified)) {
    return { ...nothing, status: 'failed', problem: verified.problem, detail: verified.message };
  }
  const { signer, manifest } = verified;
  return { ...nothing, ...conclude(signer, manifest, compareModel(manifest, model)) };
}

/** For a signature when no signer is trusted. */
export function unassessedSignature(signature: string, bundle: SignedBundle): SignatureAssessment {
  return { ...nothingKnown(signature), status: 'not-assessed', detail: nobodyTrusted(bundle) };
}

function nothingKnown(signature: string): Omit<SignatureAssessment, 'status' | 'detail'> {
  return {
    signature,
    problem: null,
    signer: null,
    method: null,
    covered: 0,
    changed: [],
    missing: [],
    uncovered: [],
    emptyFiles: [],
  };
}

function nobodyTrusted({ material }: SignedBundle): string {
  const how = { key: 'with a key', certificate: 'with a certificate', keyless: 'through Sigstore' }[material.kind];
  const flags = {
    key: 'name the key that you trust with --public-key',
    certificate: 'name the root that you trust with --certificate-chain',
    keyless: 'name the signer that you trust with --identity and --issuer',
  }[material.kind];
  return `the model is signed ${how}, but no signer is trusted: ${flags}`;
}

type Conclusion = Omit<SignatureAssessment, 'signature'>;

function conclude(signer: Signer, manifest: OmsManifest, compared: ModelComparison): Conclusion {
  const { covered, changed, missing, uncovered, emptyFiles } = compared;
  const known = { signer, method: planName(planOf(manifest)), covered, changed, missing, uncovered, emptyFiles };
  if (changed.length > 0 || missing.length > 0) {
    return { ...known, status: 'failed', problem: 'content', detail: differences(compared) };
  }
  if (covered === 0 || uncovered.length > 0) {
    return { ...known, status: 'partial', problem: null, detail: gaps(compared) };
  }
  const detail = `the signature is valid for ${counted(covered, 'file')}${unlisted(emptyFiles)}${passedOver(compared)}`;
  return { ...known, status: 'verified', problem: null, detail };
}

function differences({ changed, missing, uncovered }: ModelComparison): string {
  const parts = [
    ...(changed.length > 0 ? [`${named(changed)} ${changed.length > 1 ? 'were' : 'was'} changed`] : []),
    ...(missing.length > 0 ? [`${named(missing)} ${missing.length > 1 ? 'are' : 'is'} missing`] : []),
    ...(uncovered.length > 0 ? [`${counted(uncovered.length, 'file')} not signed`] : []),
  ];
  return `the signature is valid, but the files differ from the signed ones: ${parts.join('; ')}`;
}

const REASONS: Readonly<Record<UncoveredFile['why'], (plural: boolean) => string>> = {
  added: (plural) => `${plural ? 'are' : 'is'} not among the signed files`,
  ignored: (plural) => `${plural ? 'are' : 'is'} under a path that the signer excluded`,
  link: (plural) => `${plural ? 'are links' : 'is a link'}, which the signer did not allow`,
};

function gaps(compared: ModelComparison): string {
  const { covered, uncovered, emptyFiles } = compared;
  const parts = (['added', 'ignored', 'link'] as const).flatMap((why) => {
    const paths = uncovered.filter((file) => file.why === why).map(({ path }) => path);
    return paths.length === 0 ? [] : [`${named(paths)} ${REASONS[why](paths.length > 1)}`];
  });
  const holds =
    covered === 0 ? 'the signature covers none of the files' : `the signature covers ${counted(covered, 'file')}`;
  return `${[holds, ...parts].join('; ')}${unlisted(emptyFiles)}${passedOver(compared)}`;
}

function passedOver({ git }: ModelComparison): string {
  return git.length === 0 ? '' : `; not for ${named(git)}, which only git reads`;
}

function unlisted(emptyFiles: readonly string[]): string {
  if (emptyFiles.length === 0) return '';
  return `; ${counted(emptyFiles.length, 'empty file')} cannot be listed by shards: ${named(emptyFiles)}`;
}

function named(paths: readonly string[]): string {
  const first = paths.slice(0, NAMED_FILES).join(', ');
  return paths.length > NAMED_FILES ? `${first} and ${paths.length - NAMED_FILES} more` : first;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
