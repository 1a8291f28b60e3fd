import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../../client/index.ts';
import { AssayError } from '../../../core/index.ts';
import { addRegistryOptions, REGISTRY_GUIDE, registryOf } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { AuditListRequest, AuditVerifyRequest } from './request.ts';

interface ListFlags extends RegistryFlags {
  readonly subject?: string;
  readonly since: number;
  readonly format: AuditListRequest['format'];
  readonly output?: string;
  readonly color: boolean;
}

interface VerifyFlags extends RegistryFlags {
  readonly format: AuditVerifyRequest['format'];
  readonly quiet: boolean;
}

const GUIDE = `
Everything that changes a registry leaves an entry, which names the hash of the one before: none can be changed, put in or taken
out without breaking every entry after it. "assay audit-log verify" reads the whole log and recomputes every hash, a service's
as well. Keep exports elsewhere: a log that was written again, whole, verifies.
${REGISTRY_GUIDE}
Examples:
  assay audit-log --registry models.db
  assay audit-log --subject acme/bert@3                     at a service, with ASSAY_URL and ASSAY_TOKEN
  assay audit-log export --registry models.db -o audit.ndjson
  assay audit-log export --since 1200
  assay audit-log verify --registry models.db

Exit codes: 0 listed or intact, 1 the log is broken, or you may not read it, 2 could not complete.
`;

export function registerAuditLog(program: Command, shell: Shell): void {
  const log = program
    .command('audit-log')
    .summary('what was done in a registry, and whether its log holds')
    .description('Lists the audit log of a registry, exports it, and verifies its chain of hashes.')
    .helpCommand(false)
    .addHelpText('after', GUIDE);
  registerList(log, shell);
  registerExport(log, shell);
  registerVerify(log, shell);
}

function registerList(log: Command, shell: Shell): void {
  const command = log
    .command('list', { isDefault: true })
    .summary('list entries')
    .description('Lists entries, the oldest first.');
  addListOptions(command)
    .option('--no-color', 'never colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .action(async (flags: ListFlags) => list(flags, 'table', shell));
}

function registerExport(log: Command, shell: Shell): void {
  const command = log
    .command('export')
    .summary('write entries as lines of JSON')
    .description('Writes entries as lines of JSON (NDJSON), the oldest first: all that their hashes are made of.');
  addListOptions(command).action(async (flags: ListFlags) => list(flags, 'jsonl', shell));
}

function addListOptions(command: Command): Command {
  command
    .option('--subject <subject>', 'only what was done to this: model@number, a name')
    .option('--since <number>', 'only entries after this one', numberOf, 0);
  return addRegistryOptions(command).option(
    '-o, --output <file>',
    'write them there, whole or not at all, instead of to stdout',
  );
}

function registerVerify(log: Command, shell: Shell): void {
  const command = log
    .command('verify')
    .summary('whether the log holds')
    .description('Reads the whole log, and says whether each entry follows from the one before.');
  addRegistryOptions(command)
    .addOption(new Option('-f, --format <format>', 'how to report').choices(['table', 'json']).default('table'))
    .option('-q, --quiet', 'print nothing when it holds', false)
    .action(async (flags: VerifyFlags) => {
      const { format, quiet } = flags;
      const { runAuditVerify } = await import('./run.ts');
      await runAuditVerify({ registry: registryOf(flags), format, quiet }, shell);
    });
}

async function list(flags: ListFlags, format: AuditListRequest['format'], shell: Shell): Promise<void> {
  const { subject, since, output, color = false } = flags;
  const { runAuditList } = await import('./run.ts');
  await runAuditList({ registry: registryOf(flags), subject, since, format, output, color }, shell);
}

function numberOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AssayError('usage', 'is not a number of an entry', {
    subject: `--since ${text}`,
    hint: 'give a whole number',
  });
}
