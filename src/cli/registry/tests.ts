import type { RegistryClient } from '../../client/index.ts';
import { readSmallFile } from '../../core/bytes/index.ts';
import type { TestRun, Version } from '../../registry/index.ts';
import { terminalText } from '../../report/index.ts';
import type { Shell } from '../terminal/index.ts';
import { versionLabel } from './requests.ts';

export interface TestFlags {
  /** Files of attested tests. */
  readonly attestation: readonly string[];
  readonly quiet: boolean;
}

/**
 * Gives the registry attested tests of a version, before it decides on a stage.
 * @throws AssayError `not-found`, `unreadable`; RegistryError `bad-attestation`, `conflict` for one that was revoked
 */
export async function addTests(
  registry: RegistryClient,
  version: Version,
  { attestation, quiet }: TestFlags,
  shell: Shell,
): Promise<void> {
  for (const path of attestation) {
    const { bytes } = await readSmallFile(path, '--attestation');
    const run = await registry.addTestRun(version.id, Buffer.from(bytes).toString('utf8'));
    if (!quiet)
      shell.stderr.write(`assay: note: ${terminalText(`${path}: ${runText(run)} of ${versionLabel(version)}`)}\n`);
  }
}

/** A run in a line: its suite, and what it gave. */
export function runText({ suite, status, state, device }: TestRun): string {
  const counted = state === 'counts' ? '' : state === 'revoked' ? ', revoked' : ', by another suite than is asked for';
  return `${status} by ${suite.name} (${suite.digest})${device === null ? '' : ` on ${device}`}${counted}`;
}
