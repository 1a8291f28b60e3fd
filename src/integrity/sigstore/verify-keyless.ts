import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { Signer } from '../../core/assessment/index.ts';
import { isAssayError } from '../../core/index.ts';
import { isSignatureError, SignatureError, type SignedBundle, verifyEnvelope } from '../envelope/index.ts';
import type { Trust } from '../trust/index.ts';
import { checkLeaf, readCertificate } from '../x509/index.ts';
import { type KeylessBundle, readKeyless } from './keyless-bundle.ts';
import { checkLogEntries, checkLoggedCertificates } from './log-entry.ts';
import { verifyProofs } from './proofs.ts';
import { checkSignerIdentity, identityOf } from './signer-identity.ts';

type KeylessTrust = Extract<Trust, { kind: 'keyless' }>;

/**
 * Verifies a bundle that was signed through Sigstore, offline: the envelope, the log entries (Rekor v1 and v2), the timestamps,
 * the certificate and its entry in a certificate log, the identity. At least one log entry, and one time that is proven (by the
 * promise of Rekor v1, or by a timestamp authority), is asked for.
 * @throws SignatureError `method`, `bundle`, `certificate`, `signature`, `key`, `log-entry`, `timestamp`, `certificate-time`,
 *   `certificate-chain`, `identity`
 * @throws AssayError `malformed` when the trusted root cannot be read
 */
export function verifyKeyless(bundle: SignedBundle, trust: KeylessTrust): Signer {
  try {
    return verify(bundle, trust);
  } catch (error) {
    if (isSignatureError(error) || isAssayError(error)) throw error;
    throw new SignatureError('bundle', 'the bundle cannot be verified', { cause: error });
  }
}

function verify(bundle: SignedBundle, trust: KeylessTrust): Signer {
  const keyless = readKeyless(bundle);
  const leaf = readCertificate(keyless.certificate, 'the certificate of the signer');
  checkLeaf(leaf);
  verifyEnvelope(bundle.envelope, leaf.key);
  checkLogEntries(keyless.entries, trust.root);
  const times = timesOf(keyless);
  verifyProofs({ keyless, envelope: bundle.envelope, leaf, times, root: trust.root });
  checkLoggedCertificates(keyless.entries, keyless.certificate);
  const signer = identityOf(leaf);
  checkSignerIdentity(signer, trust.identity);
  return { kind: 'sigstore', ...signer, signedAt: earliest(times).toISOString() };
}

/**
 * The times that the bundle claims and that its proofs prove; the time of a log entry without a signed promise does not count.
 */
function timesOf({ entries, stamped }: KeylessBundle): readonly Date[] {
  const logged = entries.filter(isTimed).map(({ integratedTime }) => new Date(Number(integratedTime) * 1000));
  if (logged.length + stamped.length === 0) {
    throw new SignatureError('timestamp', 'neither a log nor a timestamp authority proves the time of the signature');
  }
  return [...logged, ...stamped];
}

function isTimed({ inclusionPromise, integratedTime }: TransparencyLogEntry): boolean {
  return inclusionPromise !== undefined && integratedTime !== '0';
}

function earliest(times: readonly Date[]): Date {
  return new Date(Math.min(...times.map((time) => time.getTime())));
}
