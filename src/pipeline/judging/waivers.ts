import { delimiter } from 'node:path';
import type { Signer, Waiver } from '../../core/assessment/index.ts';
import { readDocument, readSmallFile } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import {
  endOf,
  testsOf,
  trainingOf,
  type VerifiedAttestation,
  verifyAttestation,
  waiverOf,
} from '../../integrity/attestations/index.ts';
import {
  isSignatureError,
  readBundle,
  type SignatureError,
  type SignedBundle,
} from '../../integrity/envelope/index.ts';
import { approvedBy, PREDICATE_TYPES, readStatement } from '../../integrity/statements/index.ts';
import { readTrustFile, type TrustFile } from '../../integrity/trust-file/index.ts';
import type { Approval } from '../../policy/index.ts';
import { parseWaivers } from '../../policy/waivers/index.ts';
import type { AttestedSubject, GivenAttestation, GivenEvidence } from '../evaluate/index.ts';
import type { WaiverChoice } from './choice.ts';

/** CWE-770: each is verified, which costs milliseconds. */
const MAX_ATTESTATIONS = 100;

/** The part of `readWaivers` for when there are files to read. */
export async function readGivenEvidence(
  flags: WaiverChoice & { readonly trust?: string },
  env: NodeJS.ProcessEnv,
  now: Date,
): Promise<GivenEvidence> {
  const named = (env.ASSAY_WAIVERS ?? '').split(delimiter).filter((path) => path !== '');
  const files = flags.waivers.length > 0 ? flags.waivers : named;
  const option = flags.waivers.length > 0 ? '--waivers' : 'ASSAY_WAIVERS';
  const waivers: Waiver[] = [];
  for (const path of files) waivers.push(...parseWaivers((await readSmallFile(path, option)).bytes, path));
  const signed = await readAttestations(flags, env, now);
  return { ...signed, waivers: [...waivers, ...signed.waivers], files };
}

type Signed = Omit<GivenEvidence, 'files'>;

async function readAttestations(
  { attestation: paths, trust: given }: WaiverChoice & { readonly trust?: string },
  env: NodeJS.ProcessEnv,
  now: Date,
): Promise<Signed> {
  if (paths.length === 0) return { waivers: [], approvals: [], tests: [], training: [], attestations: [] };
  if (paths.length > MAX_ATTESTATIONS) {
    const hint = 'give only attestations of this artifact';
    throw new AssayError('usage', `was given more than ${MAX_ATTESTATIONS} times`, { subject: '--attestation', hint });
  }
  const trustPath = given ?? env.ASSAY_TRUST ?? '';
  if (trustPath === '') {
    const hint = 'give --trust, or set ASSAY_TRUST';
    throw new AssayError('usage', 'needs a trust file', { subject: '--attestation', hint });
  }
  const trust = await readTrustFile(trustPath);
  const read: Signed[] = [];
  for (const path of paths)
    read.push(await readDocument(path, '--attestation', (bytes) => judged(bytes, path, trust, now)));
  return {
    waivers: read.flatMap(({ waivers }) => waivers),
    approvals: read.flatMap(({ approvals }) => approvals),
    tests: read.flatMap(({ tests }) => tests),
    training: read.flatMap(({ training }) => training),
    attestations: read.flatMap(({ attestations }) => attestations),
  };
}

/** One attestation: its waiver, approval, tests or training run, or the reason why it is not valid. */
async function judged(bytes: Uint8Array, path: string, trust: TrustFile, now: Date): Promise<Signed> {
  const none = { waivers: [], approvals: [], tests: [], training: [] };
  const verified = await verifiedOrEnded(bytes, path, trust, now);
  if (isSignatureError(verified)) {
    const detail = `${path}: it is not valid, and waives no finding: ${verified.message}`;
    return { ...none, attestations: [{ standing: 'invalid', detail }] };
  }
  const { attestation, hasEnded } = verified;
  const standing = hasEnded ? 'expired' : saysFailed(attestation) ? 'failed' : 'valid';
  const says = (what: string): readonly GivenAttestation[] => [
    { standing, detail: `${path}: ${what}`, subject: subjectOf(attestation) },
  ];
  const waiver = waiverOf(attestation);
  if (waiver !== undefined) {
    return { ...none, waivers: [waiver], attestations: says(`a waiver of ${waiver.rule} by ${attestation.rule.name}`) };
  }
  const tests = testsOf(attestation, path);
  if (tests !== undefined) {
    const what = `tests of ${tests.model.path} by ${attestation.rule.name}`;
    return { ...none, tests: [tests], attestations: says(what) };
  }
  const training = trainingOf(attestation, path);
  if (training !== undefined) {
    return { ...none, training: [training], attestations: says(`a training run by ${attestation.rule.name}`) };
  }
  const approval = approvalOf(attestation);
  if (approval === undefined) {
    const what = `signed by ${attestation.rule.name}; it is not a waiver, an approval, tests or a training run`;
    return { ...none, attestations: says(what) };
  }
  const what = `an approval for ${approval.stage} by ${attestation.rule.name}`;
  return { ...none, approvals: hasEnded ? [] : [approval], attestations: says(what) };
}

/** The first subject of a statement about an artifact is its tree digest; the others are other names of it. */
function subjectOf({ statement }: VerifiedAttestation): AttestedSubject {
  const digests = statement.subject.flatMap(({ digest: { sha256 } }) => (sha256 === undefined ? [] : [sha256]));
  const [tree] = digests;
  const ofArtifact = tree !== undefined && OF_ARTIFACTS.has(statement.predicateType);
  return ofArtifact ? { kind: 'artifact', digest: `sha256:${tree}` } : { kind: 'files', sha256: digests };
}

const OF_ARTIFACTS: ReadonlySet<string> = new Set(
  (['scan', 'approval', 'waiver', 'decision'] as const).map((kind) => PREDICATE_TYPES[kind]),
);

function saysFailed({ statement: { predicateType, predicate } }: VerifiedAttestation): boolean {
  switch (predicateType) {
    case PREDICATE_TYPES.scan:
      return predicate.result === 'FAILED';
    case PREDICATE_TYPES.decision:
      return predicate.verificationResult === 'FAILED';
    case PREDICATE_TYPES.data:
      return predicate.status === 'fail' || predicate.status === 'error';
    default:
      return false;
  }
}

interface Verified {
  readonly attestation: VerifiedAttestation;
  /** The attestation was valid before it expired. */
  readonly hasEnded: boolean;
}

async function verifiedOrEnded(
  bytes: Uint8Array,
  path: string,
  trust: TrustFile,
  now: Date,
): Promise<Verified | SignatureError> {
  try {
    const bundle = readBundle(bytes, path);
    try {
      return { attestation: await verifyAttestation(bundle, trust, { now }), hasEnded: false };
    } catch (error) {
      if (!isSignatureError(error) || error.problem !== 'expired') throw error;
      const attestation = await whileItHeld(bundle, trust, now);
      if (attestation === undefined) throw error;
      return { attestation, hasEnded: true };
    }
  } catch (error) {
    if (isSignatureError(error)) return error;
    throw error;
  }
}

/**
 * An expired waiver is a finding, not a forgery: this checks whether it was valid until it expired. It waives nothing any more.
 */
async function whileItHeld(
  bundle: SignedBundle,
  trust: TrustFile,
  now: Date,
): Promise<VerifiedAttestation | undefined> {
  const end = endOf(readStatement(bundle.envelope.payload));
  if (end === undefined || now < end) return undefined;
  return verifyAttestation(bundle, trust, { now: new Date(end.getTime() - 1) });
}

function approvalOf({ statement, signer }: VerifiedAttestation): Approval | undefined {
  if (statement.predicateType !== PREDICATE_TYPES.approval) return undefined;
  const approved = approvedBy(statement.predicate.properties);
  // The first subject is the artifact by its tree digest; the others are other names of it.
  const tree = statement.subject[0]?.digest.sha256;
  if (approved === undefined || tree === undefined) return undefined;
  const { timeCreated: at } = statement.predicate;
  return { stage: approved.stage, signer: nameOf(signer), method: signer.kind, at, digest: `sha256:${tree}` };
}

/** As rules of a policy compare it. */
function nameOf(signer: Signer): string {
  switch (signer.kind) {
    case 'key':
      return signer.keyHint;
    case 'certificate':
      return signer.names[0] ?? signer.subject;
    case 'sigstore':
      return signer.identity;
  }
}
