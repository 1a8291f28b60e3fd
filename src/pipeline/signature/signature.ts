import { statSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { type Check, type Finding, fingerprint, type SignatureAssessment } from '../../core/assessment/index.ts';
import { type ByteSource, FileSource } from '../../core/bytes/index.ts';
import { type Artifact, AssayError } from '../../core/index.ts';
import { isSignatureError, type SignatureError, type SignedBundle } from '../../integrity/envelope/index.ts';
import { type HashPlan, SHA256_PLAN } from '../../integrity/hash/index.ts';
import type { SignedModel, VerifiedModelSignature } from '../../integrity/oms/index.ts';
import type { Trust } from '../../integrity/trust/index.ts';
import type { TrustFile } from '../../integrity/trust-file/index.ts';
import { EMPTY_UNLISTED, UNCOVERED } from '../../scan/rules/index.ts';
import type { Rule } from '../../scan/scanner/index.ts';

/** The name of a signature in the folder of its model. */
export const SIGNATURE_NAME = 'model.sig';
const MAX_SIGNATURE_BYTES = 64 * 1024 * 1024;
/** The check that tells of signatures. */
export const SIGNATURE_CHECK = 'integrity.signature';

export interface SignatureRequest {
  /** A local file; without it, `model.sig` in the artifact, or `<file>.sig` beside a single local file. */
  readonly path?: string | undefined;
  /** The trusted signers, any of whom may have signed. Empty: nobody is trusted, and a signature is not assessed. */
  readonly trusts: readonly Trust[];
  /** The signers that may sign conversions; an attestation of a conversion is not assessed without any. */
  readonly converters?: TrustFile | undefined;
  /** The bytes are downloaded and scanned again before anything is decided: that scan verifies the signature. */
  readonly later?: boolean;
}

type Verified = VerifiedModelSignature | SignatureError;

/** A signature that was read and verified, not yet compared with the files. */
export interface OpenedSignature {
  /** Its path within the artifact, or as it was given. */
  readonly name: string;
  /** Its path within the artifact, when it lies there. */
  readonly within: string | undefined;
  readonly bundle: SignedBundle | SignatureError;
  /** Whether anybody is. */
  readonly trusted: boolean;
  /** The result of the verification for each trusted signer, up to the first for whom the signature is valid. */
  readonly verified: readonly Verified[];
  readonly later: boolean;
  /** The method by which the files must be hashed. */
  readonly plan: HashPlan;
}

/**
 * Reads the signature of an artifact. The code for signatures is loaded when there is one.
 * @returns `undefined` when there is none where one is looked for
 * @throws AssayError `not-found` for a path that was given; `unreadable`, `malformed` for what is not a bundle; `limit`.
 */
export async function openSignature(
  artifact: Artifact,
  request: SignatureRequest,
): Promise<OpenedSignature | undefined> {
  const found = request.path === undefined ? findSignature(artifact) : localSignature(artifact, request.path);
  if (found === undefined) return undefined;
  const source = await found.open();
  try {
    if (source.size > MAX_SIGNATURE_BYTES) {
      throw new AssayError('limit', `the signature has more than ${MAX_SIGNATURE_BYTES} bytes`, {
        subject: found.name,
        hint: 'check that it is the signature',
      });
    }
    const { readBundle } = await import('../../integrity/envelope/index.ts');
    const bytes = await source.read(0, source.size);
    const bundle = caught(() => readBundle(bytes, found.name));
    const { trusts, later = false } = request;
    const verified = isSignatureError(bundle) ? [bundle] : await verifyFor(bundle, trusts);
    return { ...found, bundle, trusted: trusts.length > 0, verified, later, plan: await planFor(verified) };
  } finally {
    await source.close();
  }
}

interface FoundSignature {
  readonly name: string;
  readonly within: string | undefined;
  open(): Promise<ByteSource>;
}

function findSignature(artifact: Artifact): FoundSignature | undefined {
  if (!isLocalFile(artifact.ref)) {
    const inside = artifact.files.find(({ path }) => path === SIGNATURE_NAME);
    return inside && { name: inside.path, within: inside.path, open: () => inside.open() };
  }
  const beside = `${artifact.ref}.sig`;
  if (!isLocalFile(beside)) return undefined;
  return { name: beside, within: undefined, open: async () => FileSource.open(beside) };
}

function localSignature(artifact: Artifact, path: string): FoundSignature {
  const within = relative(resolve(artifact.ref), resolve(path)).split(sep).join('/');
  const known = artifact.files.some((file) => file.path === within);
  return { name: path, within: known ? within : undefined, open: async () => FileSource.open(path) };
}

function isLocalFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Verifies a signature once: the statement names the hash method, and is judged when the files are hashed. */
async function verifyFor(bundle: SignedBundle, trusts: readonly Trust[]): Promise<Verified[]> {
  const all: Verified[] = [];
  if (trusts.length === 0) return all;
  const { verifyBundle } = await import('../../integrity/oms/index.ts');
  for (const trust of trusts) {
    try {
      all.push(await verifyBundle(bundle, trust));
      return all;
    } catch (error) {
      if (!isSignatureError(error)) throw error;
      all.push(error);
    }
  }
  return all;
}

/** Only a trusted signer chooses the hash method: shards of one byte each would exhaust memory (CWE-770). */
async function planFor(verified: readonly Verified[]): Promise<HashPlan> {
  const last = verified.at(-1);
  if (last === undefined || isSignatureError(last)) return SHA256_PLAN;
  const { planOf } = await import('../../integrity/oms/index.ts');
  return planOf(last.manifest);
}

function caught<T>(read: () => T): T | SignatureError {
  try {
    return read();
  } catch (error) {
    if (isSignatureError(error)) return error;
    throw error;
  }
}

/** Compares a signature with the files, for the trusted signer who fits best. */
export async function judgeSignature(
  opened: OpenedSignature,
  artifact: Artifact,
  files: SignedModel['files'],
): Promise<SignatureAssessment> {
  const { assessSignature, unassessedSignature } = await import('../../integrity/oms/index.ts');
  const { name, within, bundle, verified } = opened;
  if (!isSignatureError(bundle) && verified.length === 0) return unassessedSignature(name, bundle);
  // The signer; else the most specific reason: another signer with the same signing method before one with another method.
  const told =
    verified.find((one) => !isSignatureError(one)) ??
    verified.find((one) => isSignatureError(one) && one.problem !== 'method') ??
    verified[0];
  if (told === undefined) throw new AssayError('internal', 'a signature has no trusted signer');
  // A signature that is not valid is not held against files.
  const gitsOwn = isSignatureError(told)
    ? new Set<string>()
    : await (await import('./gits-own.ts')).gitsOwnFiles(artifact, files);
  const model = { files, single: isSingle(artifact), gitsOwn, ...(within === undefined ? {} : { signature: within }) };
  return assessSignature({ signature: name, verified: told, model });
}

/** Whether the artifact is a file that was named itself, and not a folder of one. */
function isSingle({ ref, files }: Artifact): boolean {
  const [first, ...others] = files;
  if (first === undefined || others.length > 0) return false;
  const path = ref.replace(/[?#@].*$/s, '');
  return isLocalFile(ref) || path === first.path || path.endsWith(`/${first.path}`);
}

/** What a report says of a signature that was asked for. */
export function signatureCheck(signature: SignatureAssessment): Check {
  const status = { verified: 'pass', partial: 'fail', failed: 'fail', 'not-assessed': 'not-assessed' } as const;
  return {
    id: SIGNATURE_CHECK,
    status: status[signature.status],
    detail: `${signature.detail} (${signature.signature})`,
  };
}

/** A finding for each file that a valid signature leaves out. */
export function signatureFindings({ signer, uncovered, emptyFiles, signature }: SignatureAssessment): Finding[] {
  if (signer === null) return [];
  const reasons = {
    added: `is not among the files that ${signature} signs`,
    ignored: `is under a path that ${signature} excludes`,
    link: `is a link, but ${signature} allows none`,
  } as const;
  return [
    ...uncovered.map(({ path, why }) =>
      finding(UNCOVERED, path, `${path} ${reasons[why]}: loaders read it, but the signature does not cover it`),
    ),
    ...emptyFiles.map((path) => finding(EMPTY_UNLISTED, path, `${path} is empty, and ${signature} lists shards only`)),
  ];
}

function finding(rule: Rule, file: string, message: string): Finding {
  const { id, severity, owasp, atlas, cwe } = rule;
  return { ruleId: id, severity, message, file, owasp, atlas, cwe, fingerprint: fingerprint(id, file, undefined, '') };
}
