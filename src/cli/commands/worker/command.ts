import type { Command } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import type { WorkerFlags } from './request.ts';

const GUIDE = `
Takes scans from the queue, reads and judges what they name, and registers the version. Each scan runs in a thread of its own
with bounded memory. Ctrl-C lets running scans end for 20 seconds, then hands them back; other workers go on with them. A worker
that dies loses nothing: its scans are taken up by others when its lease is over.

Settings come from the environment of "assay serve", too: ASSAY_DATABASE, ASSAY_QUEUE, ASSAY_DATA, ASSAY_RULES, ASSAY_TRUST,
ASSAY_APPROVAL_KEY, ASSAY_HUB_ENDPOINT, ASSAY_ALLOW_PRIVATE_ADDRESSES, ASSAY_WORKERS, ASSAY_MAX_SCAN_SECONDS. Passwords belong there,
not here.

A tenant's own keys for the Hub and for clouds lie in DIR/credentials.json: {"tenant": {"HF_TOKEN": "..."}}.

Examples:
  assay worker --data ./assay-data                      beside "assay serve --workers 0" on one machine
  assay worker --database postgres://assay@db/assay --queue redis://redis:6379 --data /data --concurrency 4
`;

export function registerWorker(program: Command, shell: Shell): void {
  program
    .command('worker')
    .summary('work on the scans of a service')
    .description('Works on the scans that were submitted to a service.')
    .option('--database <url>', 'sqlite:PATH or postgres://user@host/name')
    .option('--queue <url>', 'embedded, or redis://host:6379')
    .option('--data <dir>', 'where uploads lie; shared with the service')
    .option('--rules <file>', 'policies and approvals of each stage (YAML)')
    .option('--concurrency <n>', 'scans at a time, 1 to 64')
    .option('--lease <seconds>', 'a worker that says nothing for so long is taken for dead, 2 to 600', '30')
    .option('--allow-private-addresses', 'let users name addresses in private networks')
    .addHelpText('after', GUIDE)
    .action(async (flags: WorkerFlags) => {
      const { runWorker } = await import('./run.ts');
      await runWorker(flags, shell);
    });
}
