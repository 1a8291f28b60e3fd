import type { Command } from 'commander';
import type { WaiverChoice } from '../../pipeline/judging/index.ts';

/** The options with which `scan`, `pull` and `review` are told of waivers and approvals. */
export function addWaiverOptions(command: Command): Command {
  return command
    .option('--waivers <file>', "your organisation's waivers (YAML, repeatable; default: $ASSAY_WAIVERS)", collect, [])
    .option(
      '--attestation <file>',
      'a signed waiver, approval, tests or training run (repeatable); its signer must be in the trust file',
      collect,
      [],
    );
}

export const WAIVER_GUIDE = `
Waivers (--waivers FILE) come from your organisation, never from the model: a file inside the model is refused.
  version: 1
  waivers:
    - rule: pickle.global.unlisted     a rule of "assay explain", of the policy, or verdict.suspicious, verdict.unknown,
                                       verdict.not-assessed
      digest: sha256:...               of the model (assay digest): when a byte changes, the waiver is void
      file: tokenizer.pkl              the only file; all files, when absent
      reason: our own class, reviewed in SEC-142
      owner: ml-platform@acme.example
      expires: 2027-01-31              void from then on
A void waiver is itself a finding. These cannot be waived: a malicious file, a failed integrity check, unread bytes, or
a rule that could not be evaluated. A waiver of a verdict does not waive the findings; --fail-on counts those that are
not waived.
`;

/** The flags about waivers among others. */
export function waiverChoiceOf({ waivers, attestation }: WaiverChoice): WaiverChoice {
  return { waivers, attestation };
}

function collect(path: string, paths: readonly string[]): readonly string[] {
  return [...paths, path];
}
