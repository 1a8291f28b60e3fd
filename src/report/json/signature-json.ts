import type { SignatureAssessment, Signer } from '../../core/assessment/index.ts';
import { keptText } from '../escape.ts';

/** The facts about a signature, in the form of reports and the verb `verify`. */
export function signatureReport(signature: SignatureAssessment) {
  return {
    signature: keptText(signature.signature),
    status: signature.status,
    problem: signature.problem,
    detail: keptText(signature.detail),
    signer: signature.signer === null ? null : signerReport(signature.signer),
    method: signature.method === null ? null : keptText(signature.method),
    covered: signature.covered,
    changed: signature.changed.map(keptText),
    missing: signature.missing.map(keptText),
    uncovered: signature.uncovered.map(({ path, why }) => ({ path: keptText(path), why })),
    emptyFiles: signature.emptyFiles.map(keptText),
  };
}

function signerReport(signer: Signer) {
  switch (signer.kind) {
    case 'key':
      return { kind: signer.kind, keyHint: signer.keyHint, keyType: signer.keyType };
    case 'certificate': {
      const { kind, subject, names, issuer, sha256, notAfter, expired } = signer;
      return {
        kind,
        subject: keptText(subject),
        names: names.map(keptText),
        issuer: keptText(issuer),
        sha256,
        notAfter,
        expired,
      };
    }
    case 'sigstore': {
      const { kind, identity, issuer, signedAt } = signer;
      return { kind, identity: keptText(identity), issuer: keptText(issuer), signedAt };
    }
  }
}
