/** Why a signature is not valid, as a stable code that programs may match on. */
export type SignatureProblem =
  | 'bundle' // no Sigstore bundle, or one that contradicts its format
  | 'no-signature'
  | 'many-signatures'
  | 'payload-type' // the envelope contains no in-toto statement
  | 'statement' // the payload is not a statement, or a contradictory one
  | 'predicate' // a statement about something else
  | 'hash' // an unknown or unsupported hash
  | 'root-digest' // the subject is not the root of the resources
  | 'subject' // a statement about another artifact
  | 'duplicate-resource'
  | 'method' // signed in another way than the trust that was given
  | 'key' // another key, or one of an unsupported kind
  | 'signature' // the mathematics do not hold
  | 'certificate' // unreadable, or not fit for signing
  | 'certificate-chain' // no path to a trusted root
  | 'certificate-time' // not valid when it should have been
  | 'identity' // signed by somebody else
  | 'log-entry' // the transparency log does not vouch for it
  | 'timestamp'
  | 'untrusted' // no rule of the trust file admits the signer
  | 'expired';

/** A signature, a certificate or an attestation that is not valid: a failed check, not a failure to check. */
export class SignatureError extends Error {
  readonly problem: SignatureProblem;

  constructor(problem: SignatureProblem, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'SignatureError';
    this.problem = problem;
  }
}

export function isSignatureError(error: unknown): error is SignatureError {
  return error instanceof SignatureError;
}
