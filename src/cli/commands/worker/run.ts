import { AssayError } from '../../../core/index.ts';
import { terminalText } from '../../../report/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { WorkerFlags } from './request.ts';

/** Works until Ctrl-C. Messages for the operator go to stderr, one line each. */
export async function runWorker({ concurrency, lease, ...flags }: WorkerFlags, shell: Shell): Promise<void> {
  const { readConfig, startWorker } = await import('../../../service/index.ts');
  const workers = concurrency === undefined ? {} : { workers: concurrency };
  const config = await readConfig({ ...flags, ...workers }, shell.env);
  if (config.workers === 0) {
    throw new AssayError('usage', 'has no queue to work on', { subject: '--concurrency', hint: 'give 1 to 64' });
  }
  const leaseMs = leaseOf(lease);
  const tell = (message: string) => void shell.stderr.write(`assay worker: ${terminalText(message)}\n`);
  for (const name of NOT_OURS.filter((one) => shell.env[one] || shell.env[`${one}_FILE`]))
    tell(`${name} is set and is not used: unset it, a worker reads files of strangers`);
  tell(`working, ${config.workers} scan${config.workers === 1 ? '' : 's'} at a time`);
  await startWorker(config, { concurrency: config.workers, signal: shell.signal, tell, leaseMs });
}

/** Secrets of the service. */
const NOT_OURS = ['ASSAY_APPROVAL_KEY', 'ASSAY_SESSION_SECRET', 'ASSAY_OIDC_CLIENT_SECRET'];

function leaseOf(seconds: string): number {
  const given = /^\d{1,3}$/.test(seconds) ? Number(seconds) : 0;
  if (given >= 2 && given <= 600) return given * 1000;
  throw new AssayError('usage', 'is not a valid lease', { subject: '--lease', hint: 'give 2 to 600 seconds' });
}
