import type { Command } from 'commander';
import type { RegistryFlags } from '../../../client/index.ts';
import {
  addAnswerOptions,
  addRegistryOptions,
  REGISTRY_EXITS,
  REGISTRY_GUIDE,
  registryOf,
} from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { QuarantineRequest } from './request.ts';

interface QuarantineFlags extends RegistryFlags, Omit<QuarantineRequest, 'artifact' | 'registry'> {}

const GUIDE = `
Stops a version at once, at any stage: its approvals are void, and the Hub proxy and the next snapshot deny it. A path, a reference
or a digest means its bytes: every model that has them is stopped. "assay promote --stage candidate" requests its release, with
the approvals that production needs.
${REGISTRY_GUIDE}
Examples:
  assay quarantine acme/bert@3 --reason "CVE-2027-1234" --registry models.db
  assay quarantine sha256:... --reason "reported by the publisher"
${REGISTRY_EXITS}`;

export function registerQuarantine(program: Command, shell: Shell): void {
  const command = program
    .command('quarantine')
    .summary('quarantine a model, at whatever stage it is')
    .description('Quarantines a version of a model at once, at whatever stage it is.')
    .argument('<artifact>', 'a path, a reference, model@number, or sha256:...')
    .requiredOption('--reason <text>', 'why');
  addAnswerOptions(addRegistryOptions(command))
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: QuarantineFlags) => {
      const { reason, format, quiet, offline } = flags;
      const { runQuarantine } = await import('./run.ts');
      await runQuarantine({ artifact, registry: registryOf(flags), reason, format, quiet, offline }, shell);
    });
}
