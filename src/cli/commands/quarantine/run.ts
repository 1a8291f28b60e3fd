import type { RegistryClient } from '../../../client/index.ts';
import { AssayError } from '../../../core/index.ts';
import type { Version } from '../../../registry/index.ts';
import { jsonText, terminalText } from '../../../report/index.ts';
import { queryOf, targetOf, versionLabel, withRegistry } from '../../registry/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { QuarantineRequest } from './request.ts';

/** Quarantines every matching version, and lists them. */
export async function runQuarantine(request: QuarantineRequest, shell: Shell): Promise<void> {
  await withRegistry(
    request.registry,
    shell,
    { verb: 'assay quarantine', subject: request.artifact },
    async (registry) => {
      const { reason, quiet, format } = request;
      const stopped: Version[] = [];
      for (const version of await meant(registry, request, shell)) {
        stopped.push(version.stage === 'quarantined' ? version : await registry.quarantine(version.id, reason));
      }
      if (quiet) return;
      const text = stopped.map((version) => `${terminalText(versionLabel(version))} is quarantined\n`).join('');
      shell.stdout.write(format === 'json' ? `${jsonText({ schemaVersion: '1', items: stopped }, 2)}\n` : text);
    },
  );
}

/** Bytes are stopped under all their names. */
async function meant(registry: RegistryClient, request: QuarantineRequest, shell: Shell): Promise<readonly Version[]> {
  const target = targetOf(request.artifact);
  if (target.kind === 'version') return [await registry.version(target.name)];
  const query = target.kind === 'digest' ? { digest: target.digest } : await queryOf(target.ref, request, shell);
  const named = await registry.versionsOf(query);
  const [first] = named;
  if (first === undefined) {
    const hint = 'assay models lists the known models';
    throw new AssayError('not-found', `${registry.name} does not know it`, { subject: request.artifact, hint });
  }
  // A reference may be that of some names only.
  return 'digest' in query ? named : registry.versionsOf({ digest: first.digest });
}
