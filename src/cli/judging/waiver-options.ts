import type { Command } from 'commander';
import { type GivenWaivers, NO_GIVEN_WAIVERS } from '../../pipeline/evaluate/index.ts';
import type { WaiverFlags } from './waiver-flags.ts';

/** The options with which `scan`, `pull` and `review` are told of waivers and approvals. */
export function addWaiverOptions(command: Command): Command {
  return command
    .option('--waivers <file>', "your organisation's waivers (YAML, repeatable); else $ASSAY_WAIVERS", collect, [])
    .option(
      '--attestation <file>',
      'a signed waiver or approval (repeatable), believed when --trust lists its signer',
      collect,
      [],
    );
}

export const WAIVER_GUIDE = `
Waivers (--waivers FILE) come from your organisation, never from the model: a file inside of what is scanned is refused.
  version: 1
  waivers:
    - rule: pickle.global.unlisted     a rule of "assay explain", of the policy, or verdict.suspicious, verdict.unknown,
                                       verdict.not-assessed
      digest: sha256:...               of the model (assay digest): when a byte changes, the waiver is void
      file: tokenizer.pkl              only there; everywhere, when absent
      reason: our own class, reviewed in SEC-142
      owner: ml-platform@acme.example
      expires: 2027-01-31              void from then on
A waiver that is void is itself a finding. Nothing waives a malicious file, a failed check of integrity, what was not read, or
a rule that could not be evaluated. A waiver of a verdict leaves the findings their weight; --fail-on counts those that are
not waived.
`;

/** The flags about waivers among others. */
export function waiverFlagsOf({ waivers, attestation }: WaiverFlags): WaiverFlags {
  return { waivers, attestation };
}

/**
 * Reads and verifies all that the command line and the environment name. `--waivers` stands instead of `ASSAY_WAIVERS`, a list of
 * files like `PATH`.
 * @throws AssayError `usage` for a waiver file that is none, and for attestations without a trust file; `not-found`,
 *   `unreadable`. An attestation that does not hold is a failed check, and waives nothing.
 */
export async function readWaivers(
  flags: WaiverFlags & { readonly trust?: string },
  env: NodeJS.ProcessEnv,
  now = new Date(),
): Promise<GivenWaivers> {
  if (flags.waivers.length + flags.attestation.length === 0 && (env.ASSAY_WAIVERS ?? '') === '')
    return NO_GIVEN_WAIVERS;
  const { readGivenWaivers } = await import('./waivers.ts');
  return readGivenWaivers(flags, env, now);
}

function collect(path: string, paths: readonly string[]): readonly string[] {
  return [...paths, path];
}
