import type { RegistryClient } from '../../../client/index.ts';
import { AssayError } from '../../../core/index.ts';
import { terminalText } from '../../../report/index.ts';
import type { Shell } from '../../terminal/index.ts';

/** Said before anything is scanned, or signed in a log that everybody reads. */
export function refuseWithoutTrust(registry: RegistryClient, subject: string): void {
  if (registry.kind !== 'local' || registry.place.trust !== null || registry.firstKey !== undefined) return;
  const { folder } = registry.place;
  const hint = `give --trust${folder === undefined ? '' : `, or put a trust file there: ${folder}/trust.yaml`}`;
  throw new AssayError('usage', 'no trust file says who can sign approvals', { subject, hint });
}

/** Writes down the first key that approves here. */
export async function keepFirstKey(registry: RegistryClient, shell: Shell): Promise<void> {
  if (registry.kind !== 'local' || registry.firstKey === undefined) return;
  const { path, keep } = registry.firstKey;
  if (!(await keep())) return;
  shell.stderr.write(
    `assay: note: this key is the first to approve here, and is trusted from now on: ${terminalText(path)}\n`,
  );
}
