import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../../client/index.ts';
import type { Stage } from '../../../registry/index.ts';
import {
  addAnswerOptions,
  addRegistryOptions,
  REGISTRY_EXITS,
  REGISTRY_GUIDE,
  registryOf,
} from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { RevokeRequest } from './request.ts';

const STAGES = ['candidate', 'staging', 'production'] as const satisfies readonly Stage[];

interface RevokeFlags extends RegistryFlags, Omit<RevokeRequest, 'what' | 'registry' | 'stage' | 'model'> {
  readonly stage?: Stage;
  readonly model?: string;
}

const GUIDE = `
Revokes approvals: the Hub proxy and the next snapshot deny what depended on them. The version keeps its stage until others
approve it again. "assay models MODEL@NUMBER" shows the ids of approvals and of runs of tests.
${REGISTRY_GUIDE}
Examples:
  assay revoke 0c8e6af2-e8d1-42e8-aa45-8c1d837a5c9b --reason "the key was lost" --registry models.db
  assay revoke 0c8e6af2-e8d1-42e8-aa45-8c1d837a5c9b --run --reason "made on the wrong data" --registry models.db
  assay revoke sha256:... --image --reason "it downloads models" --registry models.db
  assay revoke acme/bert@3 --stage production --reason "new evidence" --registry models.db
${REGISTRY_EXITS}`;

export function registerRevoke(program: Command, shell: Shell): void {
  const command = program
    .command('revoke')
    .summary('revoke approvals')
    .description('Revokes one approval, or every valid approval of a version.')
    .argument('<approval|artifact>', 'the id of an approval; or a path, a reference, model@number, sha256:...')
    .requiredOption('--reason <text>', 'why')
    .addOption(new Option('--stage <stage>', 'of a version: only approvals for this stage').choices(STAGES))
    .option('--run', 'the id is that of a run of tests: it counts neither for nor against its version any more', false)
    .option('--image', 'of a container image: the id of its approval, or sha256:..., for all approvals of it', false)
    .option('--model <name>', 'the model, when several have these bytes');
  addAnswerOptions(addRegistryOptions(command))
    .addHelpText('after', GUIDE)
    .action(async (what: string, flags: RevokeFlags) => {
      const { stage, reason, model, run, image, format, quiet, offline } = flags;
      const { runRevoke } = await import('./run.ts');
      const request = { what, registry: registryOf(flags), stage, reason, model, run, image, format, quiet, offline };
      await runRevoke(request, shell);
    });
}
