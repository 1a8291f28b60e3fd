import type { Signer } from '../../core/assessment/index.ts';
import { IN_TOTO_PAYLOAD, SignatureError, type SignedBundle } from '../envelope/index.ts';
import {
  ASSAY_VERIFIER,
  type AttestationKind,
  approvedBy,
  formatTime,
  isAbout,
  PREDICATE_TYPES,
  parseTime,
  readStatement,
  type Statement,
  type Subject,
  statementKindOf,
  type WantedDigest,
} from '../statements/index.ts';
import { refusalOf, type SignerRole, type TrustFile, type TrustRule, type WantedSigner } from '../trust-file/index.ts';
import { type CoveredFile, checkFiles, checkTested, checkTrained } from './covered-files.ts';
import { type Proven, proveSigner } from './verify-signer.ts';

/** The required content of an attestation; an absent property may have any value. */
export interface VerifyAttestationOptions {
  readonly kind?: AttestationKind;
  /** Of an approval. */
  readonly stage?: string;
  /** What the statement has to be about. */
  readonly subject?: WantedDigest;
  /**
   * The files of the artifact: a conversion has to be about all of them, and no others; tests about one with its tensors; a training run about
   * one.
   */
  readonly files?: readonly CoveredFile[];
  readonly now?: Date;
}

/** A valid attestation: its signer, its statement, and the rule that trusts the signer for it. */
export interface VerifiedAttestation {
  readonly kind: AttestationKind;
  readonly statement: Statement;
  readonly signer: Signer;
  readonly rule: TrustRule;
}

/** A bill of materials is evidence of the same scanner. */
const ROLES: Readonly<Record<AttestationKind, SignerRole>> = {
  scan: 'scan',
  'ml-bom': 'scan',
  approval: 'approval',
  waiver: 'waiver',
  'break-glass': 'break-glass',
  baseline: 'baseline',
  image: 'image',
  conversion: 'conversion',
  tests: 'tests',
  data: 'data',
  training: 'training',
  decision: 'decision',
  'model-signature': 'model-signature',
};

/**
 * Verifies an attestation, in this order: the signature; the statement; whether its signer is trusted for it; whether its
 * content and subject are those required; whether it has expired. Nothing of the payload is trusted before the signature is
 * verified.
 * @throws SignatureError of each step: what `proveSigner` and `readStatement` throw; `untrusted`; `predicate` for a statement
 *   of another kind or stage; `subject` for one about another artifact; `expired`
 */
export async function verifyAttestation(
  bundle: SignedBundle,
  trust: TrustFile,
  options: VerifyAttestationOptions = {},
): Promise<VerifiedAttestation> {
  if (bundle.envelope.payloadType !== IN_TOTO_PAYLOAD) {
    throw new SignatureError('payload-type', 'the envelope does not contain an in-toto statement');
  }
  const { now = new Date() } = options;
  const proven = await proveSigner(bundle, trust, now);
  const statement = readStatement(bundle.envelope.payload);
  const kind = statementKindOf(statement);
  const { rule, signer } = admitted(proven, wantedFor(kind, statement), now);
  checkVerifier(statement, rule);
  checkKind(statement, options);
  checkAbout(statement, options);
  checkEnd(statement, now);
  return { kind, statement, signer, rule };
}

function wantedFor(kind: AttestationKind, statement: Statement): WantedSigner {
  const stage = stageOf(statement);
  return { role: ROLES[kind], ...(stage === undefined ? {} : { stage }) };
}

/** The stage that a statement approves; `undefined` when it is not an approval. */
function stageOf(statement: Statement): string | undefined {
  if (statement.predicateType !== PREDICATE_TYPES.approval) return undefined;
  return approvedBy(statement.predicate.properties)?.stage;
}

/** The first rule of the signer that trusts the signer for this statement. */
function admitted(proven: readonly [Proven, ...Proven[]], wanted: WantedSigner, now: Date): Proven {
  const refusals: string[] = [];
  for (const one of proven) {
    const refusal = refusalOf(one.rule, wanted, now);
    if (refusal === undefined) return one;
    refusals.push(refusal);
  }
  throw new SignatureError('untrusted', refusals.join('; '));
}

/** A verification summary counts only for the verifier that its signer may speak for, and here that is Assay. */
function checkVerifier(statement: Statement, { name }: TrustRule): void {
  if (statement.predicateType !== PREDICATE_TYPES.decision) return;
  const { id } = statement.predicate.verifier;
  if (id === ASSAY_VERIFIER) return;
  throw new SignatureError('untrusted', `"${name}" names another verifier than ${ASSAY_VERIFIER}: ${id}`);
}

function checkKind(statement: Statement, { kind, stage }: VerifyAttestationOptions): void {
  const own = statementKindOf(statement);
  if (kind !== undefined && kind !== own) {
    throw new SignatureError('predicate', `the statement is of kind ${own}, not ${kind}`);
  }
  const approved = stageOf(statement);
  if (stage === undefined || stage === approved) return;
  const message =
    approved === undefined ? 'the statement is not an approval' : `the approval is for ${approved}, not for ${stage}`;
  throw new SignatureError('predicate', message);
}

function checkAbout(statement: Statement, { subject, files }: VerifyAttestationOptions): void {
  const { predicateType, subject: subjects } = statement;
  if (predicateType === PREDICATE_TYPES.conversion && files !== undefined) checkFiles(subjects, files);
  else if (predicateType === PREDICATE_TYPES.tests && files !== undefined) checkTested(subjects, files);
  else if (predicateType === PREDICATE_TYPES.training && files !== undefined) checkTrained(subjects, files);
  // Of tests, the first is the model: its tensors alone are not what was tested.
  else if (predicateType === PREDICATE_TYPES.tests)
    checkSubject({ ...statement, subject: subjects.slice(0, 1) }, subject);
  else checkSubject(statement, subject);
}

function checkSubject({ subject: subjects }: Statement, wanted: WantedDigest | undefined): void {
  if (wanted === undefined || isAbout(subjects, wanted)) return;
  const [first] = subjects;
  const own = first === undefined ? '' : `: it is about ${first.name ?? 'an unnamed artifact'} (${digestText(first)})`;
  throw new SignatureError('subject', `the statement is not about ${wanted.algorithm}:${wanted.hex}${own}`);
}

function digestText({ digest }: Subject): string {
  return Object.entries(digest)
    .map(([algorithm, hex]) => `${algorithm}:${hex}`)
    .join(', ');
}

function checkEnd(statement: Statement, now: Date): void {
  const end = endOf(statement);
  if (end === undefined || now < end) return;
  const isApproval =
    statement.predicateType === PREDICATE_TYPES.approval || statement.predicateType === PREDICATE_TYPES.image;
  const isBaseline = statement.predicateType === PREDICATE_TYPES.baseline;
  const noun = isApproval ? 'approval' : isBaseline ? 'baseline' : 'waiver';
  throw new SignatureError('expired', `the ${noun} expired at ${formatTime(end)}`);
}

/** The expiry of a statement; `undefined` for one without an expiry. */
export function endOf(statement: Statement): Date | undefined {
  switch (statement.predicateType) {
    case PREDICATE_TYPES.approval:
      return approvedBy(statement.predicate.properties)?.until;
    case PREDICATE_TYPES.waiver:
    case PREDICATE_TYPES['break-glass']:
    case PREDICATE_TYPES.baseline:
      return new Date(parseTime(statement.predicate.expires) ?? 0);
    case PREDICATE_TYPES.image: {
      const { expires } = statement.predicate;
      return expires === undefined ? undefined : new Date(parseTime(expires) ?? 0);
    }
    default:
      return undefined;
  }
}
