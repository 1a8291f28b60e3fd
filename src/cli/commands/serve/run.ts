import { once } from 'node:events';
import { AssayError } from '../../../core/index.ts';
import { isRegistryError } from '../../../registry/index.ts';
import { terminalText } from '../../../report/index.ts';
import { readConfig, type ServiceFlags, startService } from '../../../service/index.ts';
import type { Shell } from '../../terminal/index.ts';

/** Serves until it is told to end, and ends in order. */
export async function runServe(flags: ServiceFlags, shell: Shell): Promise<void> {
  const tell = (line: string) => void shell.stderr.write(`assay: ${terminalText(line)}\n`);
  const config = await readConfig(flags, shell.env);
  const service = await startService(config, { tell }).catch((error: unknown) => {
    throw isRegistryError(error) ? usage(error) : error;
  });
  tell(`listens at ${service.url}`);
  if (service.firstToken !== null) {
    tell('the registry is new; sign in with this token, which is shown once and not stored:');
    shell.stderr.write(`${service.firstToken}\n`);
  }
  if (!shell.signal.aborted) await once(shell.signal, 'abort');
  tell('is stopping once running jobs have ended; press Ctrl-C again to stop now');
  await service.close();
}

function usage(error: Error & { readonly hint?: string | undefined }): AssayError {
  return new AssayError('usage', error.message, {
    hint: error.hint ?? 'check ASSAY_DATABASE',
    cause: error,
  });
}
