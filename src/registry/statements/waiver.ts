import { createHash } from 'node:crypto';
import type { Waiver } from '../../core/assessment/index.ts';
import { isAssayError } from '../../core/index.ts';
import { signStatement, verifyAttestation, waiverOf } from '../../integrity/attestations/index.ts';
import { isSignatureError, readBundle } from '../../integrity/envelope/index.ts';
import {
  createStatement,
  formatTime,
  PREDICATE_TYPES,
  parseDigest,
  subjectsOf,
} from '../../integrity/statements/index.ts';
import { endOfWaiver } from '../../policy/waivers/index.ts';
import type { ApprovalMethod, Role } from '../api/index.ts';
import { nameOf } from '../names.ts';
import type { Principal } from '../records.ts';
import type { WaiverRequest } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import type { Context } from '../store/index.ts';
import { approvalSigner } from './approval.ts';

/** A signed waiver. */
export interface SignedWaiver {
  readonly signer: string;
  readonly method: ApprovalMethod;
  /** The Sigstore bundle as JSON text. */
  readonly attestation: string;
}

/** CWE-770: no bundle with one statement and one chain is larger. */
const MAX_ATTESTATION = 1024 * 1024;

/** Signs for a user who waives by a session. @throws RegistryError `no-approval-key` */
export async function signWaiver(
  { signer }: Context,
  { rule, digest, file, reason, owner, expires }: WaiverRequest,
  by: Principal,
  at: Date,
): Promise<SignedWaiver> {
  if (signer === undefined) {
    throw new RegistryError('no-approval-key', 'this registry has no key that signs waivers', {
      hint: 'sign the waiver with a key of your own',
    });
  }
  const statement = createStatement('waiver', {
    subjects: subjectsOf({ tree: digest }),
    rule,
    ...(file === undefined ? {} : { file }),
    reason,
    owner,
    at,
    expires: endOfWaiver(expires),
    approver: { method: 'service', subject: by.subject, ...(by.issuer === null ? {} : { issuer: by.issuer }) },
  });
  try {
    const attestation = JSON.stringify(await signStatement(statement, signer));
    return { signer: nameOf(by), method: 'service', attestation };
  } catch (cause) {
    if (!isSignatureError(cause)) throw cause;
    throw new RegistryError('invalid', `nobody could read this waiver: ${cause.message}`, { cause });
  }
}

/**
 * Verifies a waiver that its granter signed: by the trust file, and against the request.
 * @param role that the granter needs, where the trust file gives signers roles
 * @throws RegistryError `no-trust`, `bad-attestation`
 */
export async function verifyWaiver(
  { trust }: Context,
  request: WaiverRequest,
  attestation: string,
  role: Role,
  now: Date,
): Promise<SignedWaiver> {
  if (trust === undefined) {
    throw new RegistryError('no-trust', 'no trust file says who can sign waivers', { hint: 'configure one' });
  }
  if (attestation.length > MAX_ATTESTATION) throw bad('it has more than 1 MiB');
  try {
    const bundle = readBundle(Buffer.from(attestation), 'the waiver');
    const subject = parseDigest(request.digest, 'the digest');
    const verified = await verifyAttestation(bundle, trust, { kind: 'waiver', subject, now });
    const { statement, rule } = verified;
    if (rule.roles !== undefined && !rule.roles.includes(role)) {
      throw bad(`"${rule.name}" approves as ${rule.roles.join(' or ')}, not as ${role}`);
    }
    const signed = waiverOf(verified);
    if (statement.predicateType !== PREDICATE_TYPES.waiver || signed === undefined) throw bad('it is not a waiver');
    if (statement.predicate.approver !== undefined)
      throw bad('it was signed for another person, not by the one who grants it');
    const other = differenceOf(signed, request);
    if (other !== undefined) throw bad(`its ${other} differs`);
    return { ...approvalSigner(verified.signer), attestation };
  } catch (error) {
    if (isSignatureError(error) || isAssayError(error)) throw bad(error.message, error);
    throw error;
  }
}

/** The first difference between a signed waiver and the request. */
function differenceOf(signed: Waiver, request: WaiverRequest): string | undefined {
  const other = (['rule', 'digest', 'file', 'reason', 'owner'] as const).find((part) => signed[part] !== request[part]);
  if (other !== undefined) return other;
  return formatTime(endOfWaiver(signed.expires)) === formatTime(endOfWaiver(request.expires)) ? undefined : 'end';
}

/** `sha256:<hex>` of what was signed: the same for every way to write the bundle down. */
export function digestOfStatement(attestation: string): string {
  const { payload } = readBundle(Buffer.from(attestation), 'the waiver').envelope;
  return `sha256:${createHash('sha256').update(payload).digest('hex')}`;
}

function bad(why: string, cause?: unknown): RegistryError {
  return new RegistryError('bad-attestation', `the waiver is not valid: ${why}`, {
    hint: 'sign the requested rule, digest, file, reason, owner and expiry',
    ...(cause === undefined ? {} : { cause }),
  });
}
