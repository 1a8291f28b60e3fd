import { once } from 'node:events';
import { terminalText } from '../../../report/index.ts';
import type { Shell } from '../../terminal/index.ts';
import type { AdmitServeRequest } from './request.ts';

/** Answers reviews until it is told to end, and ends in order. The decision log goes to stdout, all else to stderr. */
export async function runAdmitServe(request: AdmitServeRequest, shell: Shell): Promise<void> {
  const { startAdmission } = await import('../../../../admission-webhook/src/index.ts');
  const tell = (line: string) => void shell.stderr.write(`assay: ${terminalText(line)}\n`);
  const webhook = await startAdmission(request, { tell, sink: shell.stdout, env: shell.env });
  tell(`listens at ${webhook.url}${webhook.metricsUrl === null ? '' : `, serves its status at ${webhook.metricsUrl}`}`);
  if (!shell.signal.aborted) await once(shell.signal, 'abort');
  tell('is stopping: it answers until no more requests arrive; press Ctrl-C again to stop now');
  await webhook.close();
}
