import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../../client/index.ts';
import { STAGES, type Stage } from '../../../registry/index.ts';
import { addRegistryOptions, REGISTRY_GUIDE, registryOf } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { ModelsRequest } from './request.ts';

interface ModelsFlags extends RegistryFlags {
  readonly stage?: Stage;
  readonly search?: string;
  readonly format: ModelsRequest['format'];
  readonly output?: string;
  readonly color: boolean;
}

const GUIDE = `
Lists models without a name, the versions of a model with its name, and with model@number, model@alias or model@sha256:... one
version: the decision for each stage, the suite of tests that is asked for with its runs, the approvals, and the open request.
${REGISTRY_GUIDE}
Examples:
  assay models --registry models.db
  assay models --stage production                 at a service, with ASSAY_URL and ASSAY_TOKEN
  assay models acme/bert
  assay models acme/bert@3 --format json

Exit codes: 0 listed, 2 could not complete.
`;

export function registerModels(program: Command, shell: Shell): void {
  const command = program
    .command('models')
    .summary('list models, versions and their approvals')
    .description('Lists the models of a registry, the versions of a model, or the details of a version.')
    .argument('[name]', 'a model, or model@number')
    .addOption(new Option('--stage <stage>', 'only versions at this stage').choices(STAGES))
    .option('--search <text>', 'only models with this in their name');
  addRegistryOptions(command)
    .addOption(new Option('-f, --format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('-o, --output <file>', 'write the list to this file, atomically, instead of stdout')
    .option('--no-color', 'disable colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .addHelpText('after', GUIDE)
    .action(async (name: string | undefined, flags: ModelsFlags) => {
      const { stage, search, format, output, color } = flags;
      const { runModels } = await import('./run.ts');
      await runModels({ registry: registryOf(flags), name, stage, search, format, output, color }, shell);
    });
}
