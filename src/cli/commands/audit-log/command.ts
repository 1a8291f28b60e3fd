import { type Command, Option } from 'commander';
import type { RegistryFlags } from '../../../client/index.ts';
import { AssayError } from '../../../core/index.ts';
import { addRegistryOptions, REGISTRY_GUIDE, registryOf } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { AuditListRequest, AuditVerifyRequest, KeptHead } from './request.ts';

interface ListFlags extends RegistryFlags {
  readonly subject?: string;
  readonly since: number;
  readonly format: AuditListRequest['format'];
  readonly output?: string;
  readonly color: boolean;
}

interface VerifyFlags extends RegistryFlags {
  readonly since?: string;
  readonly snapshotKey?: string;
  readonly format: AuditVerifyRequest['format'];
  readonly quiet: boolean;
}

const GUIDE = `
Every change of a registry adds an entry with the hash of the previous one: no entry can be changed, inserted or
removed without breaking every entry after it. "assay audit-log verify" reads the whole log and recomputes every hash, also that of
a service, and holds the records of the registry (versions, decisions, approvals, waivers, tokens) against it. A log that was cut off or
rewritten completely, with its head, still verifies by itself: keep a head elsewhere, and give it with --since. Each signed snapshot
holds one, and "verify" prints the last.
${REGISTRY_GUIDE}
Examples:
  assay audit-log --registry models.db
  assay audit-log --subject acme/bert@3                     at a service, with ASSAY_URL and ASSAY_TOKEN
  assay audit-log export --registry models.db -o audit.ndjson
  assay audit-log export --since 1200
  assay audit-log verify --registry models.db
  assay audit-log verify --since 1200:5f0c...            the last entry, as an earlier "verify" printed it
  assay audit-log verify --since snapshot.json --snapshot-key snapshot.pub

Exit codes: 0 listed or intact, 1 the log is broken, or access is denied, 2 could not complete.
`;

export function registerAuditLog(program: Command, shell: Shell): void {
  const log = program
    .command('audit-log')
    .summary('list, export and verify the audit log of a registry')
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
    .option('--no-color', 'disable colour (NO_COLOR and FORCE_COLOR are honoured, too)')
    .action(async (flags: ListFlags) => list(flags, 'table', shell));
}

function registerExport(log: Command, shell: Shell): void {
  const command = log
    .command('export')
    .summary('write entries as lines of JSON')
    .description(
      'Writes entries as lines of JSON (NDJSON), the oldest first, with everything that their hashes cover.',
    );
  addListOptions(command).action(async (flags: ListFlags) => list(flags, 'jsonl', shell));
}

function addListOptions(command: Command): Command {
  command
    .option('--subject <subject>', 'only entries about this subject: model@number, a name')
    .option('--since <number>', 'only entries after this one', numberOf, 0);
  return addRegistryOptions(command).option(
    '-o, --output <file>',
    'write the entries to this file, atomically, instead of stdout',
  );
}

function registerVerify(log: Command, shell: Shell): void {
  const command = log
    .command('verify')
    .summary('verify the chain of hashes')
    .description('Reads the whole log, and checks that each entry follows from the one before.');
  addRegistryOptions(command)
    .addOption(new Option('-f, --format <format>', 'output format').choices(['table', 'json']).default('table'))
    .option('--since <head>', 'a head that was kept: NUMBER:HASH, or a signed snapshot; the log has to contain it')
    .option('--snapshot-key <file>', 'public key of who signs snapshots (PEM), or a trust file (YAML)')
    .option('-q, --quiet', 'print nothing when the log is valid', false)
    .action(async (flags: VerifyFlags) => {
      const { format, quiet } = flags;
      const { runAuditVerify } = await import('./run.ts');
      await runAuditVerify({ registry: registryOf(flags), since: keptHead(flags), format, quiet }, shell);
    });
}

async function list(flags: ListFlags, format: AuditListRequest['format'], shell: Shell): Promise<void> {
  const { subject, since, output, color = false } = flags;
  const { runAuditList } = await import('./run.ts');
  await runAuditList({ registry: registryOf(flags), subject, since, format, output, color }, shell);
}

function keptHead({ since, snapshotKey }: VerifyFlags): KeptHead | undefined {
  if (since === undefined) {
    if (snapshotKey === undefined) return undefined;
    throw new AssayError('usage', 'no snapshot is named', { subject: '--snapshot-key', hint: 'add --since SNAPSHOT' });
  }
  const [, seq, hash] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(since) ?? [];
  if (seq !== undefined && hash !== undefined) return { kind: 'text', seq: Number(seq), hash };
  if (snapshotKey !== undefined) return { kind: 'snapshot', file: since, key: snapshotKey };
  throw new AssayError('usage', 'is neither NUMBER:HASH nor a snapshot with its key', {
    subject: `--since ${since}`,
    hint: 'give the number and the hash that "verify" printed, or a snapshot, and --snapshot-key PUBLIC',
  });
}

function numberOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AssayError('usage', 'is not a number of an entry', {
    subject: `--since ${text}`,
    hint: 'give a whole number',
  });
}
