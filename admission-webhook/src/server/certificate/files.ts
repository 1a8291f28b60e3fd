import { readSmallText } from '../../../../src/core/bytes/index.ts';
import { isAssayError } from '../../../../src/core/index.ts';
import type { CertificateHealth } from '../../health.ts';
import { type FileWatchOptions, watchFiles } from '../../watched-files.ts';
import { type CertificateSource, type ServingPair, servingPair } from './serving.ts';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/**
 * A pair of files, read again when they change. A pair that is broken, or half replaced, leaves the last good one in place.
 * @throws AssayError for files that cannot be served with at the start
 */
export async function openCertificateFiles(
  files: CertificateFiles,
  options: FileWatchOptions = {},
): Promise<CertificateSource> {
  let pair = await readPair(files);
  let loadedAt = new Date();
  let problem: string | null = null;
  const listeners: ((pair: ServingPair) => void)[] = [];
  const watched = watchFiles(
    [files.cert, files.key],
    async () => {
      try {
        const newer = await readPair(files);
        problem = null;
        if (newer.cert === pair.cert && newer.key === pair.key) return;
        pair = newer;
        loadedAt = new Date();
        for (const listener of listeners) listener(pair);
      } catch (error) {
        const subject = isAssayError(error) ? error.subject : undefined;
        const message = error instanceof Error ? error.message : String(error);
        problem = subject === undefined ? message : `${subject}: ${message}`;
      }
    },
    options,
  );
  return {
    pair: () => pair,
    health: (): CertificateHealth => ({ notAfter: pair.notAfter, fingerprint: pair.fingerprint, loadedAt, problem }),
    onChange: (listener) => void listeners.push(listener),
    close: async () => watched.close(),
  };
}

async function readPair({ cert, key }: CertificateFiles): Promise<ServingPair> {
  const [certText, keyText] = await Promise.all([readSmallText(cert, '--tls-cert'), readSmallText(key, '--tls-key')]);
  return servingPair(certText, keyText, `--tls-cert ${cert}, --tls-key ${key}`);
}
