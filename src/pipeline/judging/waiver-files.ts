import { type GivenEvidence, NO_GIVEN_EVIDENCE } from '../evaluate/index.ts';
import type { WaiverChoice } from './choice.ts';

/**
 * Reads and verifies all that the choice and the environment name. `waivers` stand instead of `ASSAY_WAIVERS`, a list of
 * files like `PATH`.
 * @throws AssayError `usage` for a file that is not a waiver file, and for attestations without a trust file; `not-found`,
 *   `unreadable`. An attestation that is not valid is a failed check, and waives nothing.
 */
export async function readWaivers(
  choice: WaiverChoice & { readonly trust?: string },
  env: NodeJS.ProcessEnv,
  now = new Date(),
): Promise<GivenEvidence> {
  if (choice.waivers.length + choice.attestation.length === 0 && (env.ASSAY_WAIVERS ?? '') === '')
    return NO_GIVEN_EVIDENCE;
  const { readGivenEvidence } = await import('./waivers.ts');
  return readGivenEvidence(choice, env, now);
}
