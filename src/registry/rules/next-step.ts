/** These cannot be waived: see `judgeWaivers`. */
const NEVER =
  /^(?:verdict\.malicious|stage\.approved|artifact\.(?:empty|incomplete)|fail-on\..*|waiver\..*|policy\.match|unavailable)$/;

export function isWaivable(rule: string): boolean {
  return !NEVER.test(rule);
}

/** What to do where a rule denies, and no approval can correct it; of several, the first that nobody can waive is to be said. */
export function nextStep(rule: string): string {
  if (!isWaivable(rule)) return 'nobody can waive this: use another model, or register a corrected one';
  return `${BY_RULE[rule] ?? 'correct the model and register it again'}, or let a security approver, who then does not approve these bytes, waive ${rule} for them`;
}

/** Who has the files scans them, and the registry in a file believes that report; a service scans for itself. */
const BY_RULE: Readonly<Record<string, string>> = {
  'signature.verified':
    'with a registry in a file, sign the model, scan it with the key of the signer, and give that report (assay approve --report); a service verifies no signatures of models',
  'data.provenance':
    'with a registry in a file, scan the model with the statement of its training (--attestation, --trust), and give that report (assay approve --report); a service reads no such statement',
};
