import type { Command } from 'commander';
import type { Shell } from '../../terminal/index.ts';
import type { WorkerFlags } from './request.ts';

const GUIDE = `
Takes scans from the queue, judges the models that they name, and registers the versions. Each scan runs in its own process
with bounded memory. Ctrl-C waits up to 20 seconds for running scans, then returns them to the queue. A worker
that dies loses nothing: other workers take its scans when its lease expires.

Settings also come from the environment variables of "assay serve": ASSAY_DATABASE, ASSAY_QUEUE, ASSAY_DATA, ASSAY_RULES, ASSAY_TRUST,
ASSAY_CONVERSION_KEY, ASSAY_HUB_ENDPOINT, ASSAY_ALLOW_PRIVATE_ADDRESSES, ASSAY_ALLOW_HUB, ASSAY_ALLOW_MLFLOW,
ASSAY_ALLOW_S3, ASSAY_ALLOW_OCI, ASSAY_WORKERS, ASSAY_TENANT_WEIGHTS, ASSAY_TENANT_MAX_RUNNING, ASSAY_MAX_SCAN_SECONDS. Put passwords there, not here.
A worker needs no ASSAY_APPROVAL_KEY and no ASSAY_SESSION_SECRET: the service signs what a scan changes.

The keys of a tenant for the Hub and for clouds are in DIR/credentials.json: {"tenant": {"HF_TOKEN": "..."}}.

Examples:
  assay worker --data ./assay-data                      beside "assay serve --workers 0" on one machine
  assay worker --database postgres://assay@db/assay --queue redis://redis:6379 --data /data --concurrency 4
`;

export function registerWorker(program: Command, shell: Shell): void {
  program
    .command('worker')
    .summary('run the scans of a service')
    .description('Runs the scans that were submitted to a service.')
    .option('--database <url>', 'sqlite:PATH or postgres://user@host/name')
    .option('--queue <url>', 'embedded, or redis://host:6379')
    .option('--data <dir>', 'folder of uploads, shared with the service')
    .option('--rules <file>', 'policies and approvals of each stage (YAML)')
    .option('--concurrency <n>', 'concurrent scans, 1 to 64')
    .option('--lease <seconds>', 'seconds without a heartbeat after which a worker counts as dead, 2 to 600', '30')
    .option('--allow-private-addresses', 'let users name addresses in private networks')
    .addHelpText('after', GUIDE)
    .action(async (flags: WorkerFlags) => {
      const { runWorker } = await import('./run.ts');
      await runWorker(flags, shell);
    });
}
