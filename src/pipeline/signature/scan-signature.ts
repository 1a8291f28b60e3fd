import type { Check, Finding, SignatureAssessment } from '../../core/assessment/index.ts';
import { type Artifact, isAssayError } from '../../core/index.ts';
import type { HashPlan } from '../../integrity/hash/index.ts';
import type { SignedFile } from '../../integrity/oms/index.ts';
import type { AssessedFile } from '../assess-file.ts';
import {
  judgeSignature,
  type OpenedSignature,
  openSignature,
  SIGNATURE_CHECK,
  SIGNATURE_NAME,
  type SignatureRequest,
  signatureCheck,
  signatureFindings,
} from './signature.ts';

/** A signature as a scan meets it: before the files are hashed. */
export type SignatureToScan =
  /** Whether a signer is trusted; if none is, an unsigned artifact is not reported. */
  | { readonly kind: 'none'; readonly plans: readonly HashPlan[]; readonly wanted: boolean }
  | { readonly kind: 'unreadable'; readonly plans: readonly HashPlan[]; readonly wanted: boolean; readonly why: string }
  | { readonly kind: 'opened'; readonly plans: readonly HashPlan[]; readonly opened: OpenedSignature };

/** The result of a scan for the signature. */
export interface ScannedSignature {
  readonly signatures: readonly SignatureAssessment[];
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

/**
 * Reads the signature first, so that the one pass over each file hashes it as the signature asks. An unreadable signature in
 * the model does not stop the scan of the rest.
 * @throws AssayError for a signature that was named and cannot be read
 */
export async function openSignatureToScan(
  artifact: Artifact,
  request: SignatureRequest = { trusts: [] },
): Promise<SignatureToScan> {
  const wanted = request.trusts.length > 0;
  try {
    const opened = await openSignature(artifact, request);
    return opened === undefined
      ? { kind: 'none', plans: [], wanted }
      : { kind: 'opened', plans: wanted ? [opened.plan] : [], opened };
  } catch (error) {
    if (!isAssayError(error) || error.code === 'internal' || error.code === 'aborted') throw error;
    if (request.path !== undefined) throw error;
    return { kind: 'unreadable', plans: [], wanted, why: `${SIGNATURE_NAME}: ${error.message}` };
  }
}

/** Compares the signature with what was hashed. */
export async function judgeScanned(
  signature: SignatureToScan,
  artifact: Artifact,
  assessed: readonly AssessedFile[],
): Promise<ScannedSignature> {
  const nothing = { signatures: [], findings: [] };
  switch (signature.kind) {
    case 'none': {
      const detail = `there is no signature: the artifact has no ${SIGNATURE_NAME}`;
      return { ...nothing, checks: signature.wanted ? [{ id: SIGNATURE_CHECK, status: 'fail', detail }] : [] };
    }
    case 'unreadable': {
      const status = signature.wanted ? 'fail' : 'not-assessed';
      return { ...nothing, checks: [{ id: SIGNATURE_CHECK, status, detail: signature.why }] };
    }
    case 'opened':
      return judgeOpened(signature.opened, artifact, assessed);
  }
}

async function judgeOpened(
  opened: OpenedSignature,
  artifact: Artifact,
  assessed: readonly AssessedFile[],
): Promise<ScannedSignature> {
  const links = new Map(artifact.files.map((file) => [file.path, file.link]));
  const files: SignedFile[] = assessed.map(({ file, digests }) => ({
    path: file.path,
    size: file.size,
    link: links.get(file.path),
    digests,
  }));
  const far = artifact.files.some(({ distance }) => distance === 'far');
  if (far && opened.trusted) return { signatures: [], findings: [], checks: [notHashed(artifact, opened)] };
  // A file that could not be read is missing for the signature; the scan says why.
  const hashed = files.filter(({ digests }) => digests.length > 0);
  const judged = await judgeSignature(opened, artifact, hashed);
  return { signatures: [judged], checks: [signatureCheck(judged)], findings: signatureFindings(judged) };
}

/** A user who requires a signature never gets `allow` without one. */
function notHashed({ ref }: Artifact, { later }: OpenedSignature): Check {
  const detail = `a signature covers every byte, but only the ranges that the verdict needs were downloaded: run assay verify ${ref}`;
  return { id: SIGNATURE_CHECK, status: later ? 'not-assessed' : 'error', detail };
}
