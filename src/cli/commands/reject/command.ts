import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../../client/index.ts';
import type { Role } from '../../../registry/index.ts';
import {
  addAnswerOptions,
  addRegistryOptions,
  REGISTRY_EXITS,
  REGISTRY_GUIDE,
  registryOf,
} from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { VOTERS } from '../approve/index.ts';
import type { RejectRequest } from './request.ts';

interface RejectFlags extends RegistryFlags, Omit<RejectRequest, 'artifact' | 'registry' | 'role' | 'model'> {
  readonly role?: Role;
  readonly model?: string;
}

const GUIDE = `
One rejection ends what was asked for; the version stays where it stands, and approvals that were given for it are void. Whoever
asked has no vote: rejecting their own request withdraws it.
${REGISTRY_GUIDE}
Examples:
  assay reject acme/bert@3 --comment "the licence forbids it" --registry models.db
  assay reject ./model --registry models.db
${REGISTRY_EXITS}`;

export function registerReject(program: Command, shell: Shell): void {
  const command = program
    .command('reject')
    .summary('reject what a model is asked for')
    .description('Rejects the open request to move a version of a model to another stage.')
    .argument('<artifact>', 'a path, a reference, model@number, or sha256:...')
    .addOption(new Option('--role <role>', 'as whom; one that is still needed, when absent').choices(VOTERS))
    .option('--comment <text>', 'why', '')
    .option('--model <name>', 'of several models with these bytes');
  addAnswerOptions(addRegistryOptions(command))
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: RejectFlags) => {
      const { role, comment, model, format, quiet, offline } = flags;
      const { runReject } = await import('./run.ts');
      await runReject({ artifact, registry: registryOf(flags), role, comment, model, format, quiet, offline }, shell);
    });
}
