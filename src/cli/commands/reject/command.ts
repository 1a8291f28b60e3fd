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
One rejection closes the request; the version keeps its stage, and approvals given for the request are void. A requester
has no vote: rejecting their own request withdraws it.
${REGISTRY_GUIDE}
Examples:
  assay reject acme/bert@3 --comment "the licence forbids it" --registry models.db
  assay reject ./model --registry models.db
${REGISTRY_EXITS}`;

export function registerReject(program: Command, shell: Shell): void {
  const command = program
    .command('reject')
    .summary('reject a request to move a model')
    .description('Rejects the open request to move a version of a model to another stage.')
    .argument('<artifact>', 'a path, a reference, model@number, or sha256:...')
    .addOption(new Option('--role <role>', 'the role to reject in (default: one that is still needed)').choices(VOTERS))
    .option('--comment <text>', 'why', '')
    .option('--model <name>', 'the model, when several have these bytes');
  addAnswerOptions(addRegistryOptions(command))
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: RejectFlags) => {
      const { role, comment, model, format, quiet, offline } = flags;
      const { runReject } = await import('./run.ts');
      await runReject({ artifact, registry: registryOf(flags), role, comment, model, format, quiet, offline }, shell);
    });
}
