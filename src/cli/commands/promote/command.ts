import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../../client/index.ts';
import {
  addAnswerOptions,
  addRegistryOptions,
  REGISTRY_EXITS,
  REGISTRY_GUIDE,
  registryOf,
} from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { PROMOTION_STAGES, type PromoteRequest } from './request.ts';

interface PromoteFlags
  extends RegistryFlags,
    Omit<PromoteRequest, 'artifact' | 'registry' | 'model' | 'report' | 'allow'> {
  readonly model?: string;
  readonly report?: string;
  readonly allow?: string;
}

const GUIDE = `
Stages are candidate, staging, production, retired, in this order. A request moves a version at once where the rules need no
approval; otherwise others must approve it first: a requester cannot. A model that the registry does not know is
scanned first and registered as a candidate. "candidate" requests to release a version from quarantine.
${REGISTRY_GUIDE}
Examples:
  assay promote hf://acme/bert@v1.2 --stage staging --registry models.db --comment "for the next release"
  assay promote acme/bert@3 --stage production      at a service, with ASSAY_URL and ASSAY_TOKEN
  assay promote acme/bert@3 --stage production --attestation tests.intoto.json     the tests that the registry asks of the model
  assay promote acme/bert@2 --stage retired --comment "version 3 serves"
${REGISTRY_EXITS}`;

export function registerPromote(program: Command, shell: Shell): void {
  const command = program
    .command('promote')
    .summary('request to move a model to another stage')
    .description('Requests to move a version of a model to another stage, and lists the approvals still needed.')
    .argument('<artifact>', 'a path, a reference that scan takes, model@number, or sha256:...')
    .addOption(new Option('--stage <stage>', 'where to').choices(PROMOTION_STAGES).makeOptionMandatory())
    .option('--comment <text>', 'why', '')
    .option('--model <name>', 'the name to register it under, as owner/model (default: that of the repository or file)')
    .option('--report <file>', 'a report of assay scan (JSON), instead of scanning now')
    .option('--allow <file>', "your organisation's own allowances for that scan (YAML)")
    .option(
      '--attestation <file>',
      'tests that assay test --attest has signed, to be kept with the version (repeatable)',
      (path: string, paths: readonly string[]) => [...paths, path],
      [],
    );
  addAnswerOptions(addRegistryOptions(command))
    .addHelpText('after', GUIDE)
    .action(async (artifact: string, flags: PromoteFlags) => {
      const { stage, comment, model, report, allow, attestation, format, quiet, offline } = flags;
      const registry = registryOf(flags);
      const { runPromote } = await import('./run.ts');
      const request = { artifact, registry, stage, comment, model, report, allow, attestation, format, quiet, offline };
      await runPromote(request, shell);
    });
}
