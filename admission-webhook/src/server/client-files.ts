import { createSecureContext } from 'node:tls';
import { readSmallText } from '../../../src/core/bytes/index.ts';
import { AssayError } from '../../../src/core/index.ts';
import type { PartHealth } from '../health.ts';
import { type FileWatchOptions, watchFiles } from '../watched-files.ts';
import type { ClientOptions } from './options.ts';

/** What clients are believed by, read again when it changes; what is broken leaves the last good one in place. */
export interface ClientFiles {
  /** Certificates of the authority, PEM; `null`: no certificate is asked for. */
  readonly ca: { text(): string; onChange(listener: () => void): void } | null;
  /** `null`: none is asked for. */
  token(): string | null;
  /** `null`: there is nothing to read. */
  health(): PartHealth | null;
  close(): void;
}

interface Read {
  readonly ca: string | null;
  readonly token: string | null;
}

/** @throws AssayError for files that cannot be read at the start, or hold something else */
export async function openClientFiles(options: ClientOptions, watching: FileWatchOptions = {}): Promise<ClientFiles> {
  let read = await readAll(options);
  let loadedAt = new Date();
  let problem: string | null = null;
  const listeners: (() => void)[] = [];
  const files = [options.ca, options.tokenFile].filter((file) => file !== null);
  const look = async () => {
    try {
      const newer = await readAll(options);
      problem = null;
      if (newer.ca === read.ca && newer.token === read.token) return;
      const changed = newer.ca !== read.ca;
      read = newer;
      loadedAt = new Date();
      if (changed) for (const listener of listeners) listener();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  };
  const watched = files.length === 0 ? undefined : watchFiles(files, look, watching);
  return {
    ca:
      options.ca === null ? null : { text: () => read.ca ?? '', onChange: (listener) => void listeners.push(listener) },
    token: () => read.token,
    health: () => (watched === undefined ? null : { loadedAt, problem }),
    close: () => watched?.close(),
  };
}

async function readAll({ ca, tokenFile }: ClientOptions): Promise<Read> {
  return {
    ca: ca === null ? null : authority(await readSmallText(ca, '--client-ca'), ca),
    token: tokenFile === null ? null : tokenOf(await readSmallText(tokenFile, '--client-token-file'), tokenFile),
  };
}

function authority(text: string, file: string): string {
  try {
    if (!/-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(text)) throw new Error('it contains no certificate');
    createSecureContext({ ca: text });
    return text;
  } catch (cause) {
    throw new AssayError('usage', 'contains no readable certificates', {
      subject: `--client-ca ${file}`,
      hint: 'give the certificates of the authority, PEM',
      cause,
    });
  }
}

function tokenOf(text: string, file: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{16,4096}$/.test(token)) return token;
  throw new AssayError('usage', 'contains no token', {
    subject: `--client-token-file ${file}`,
    hint: 'write 16 or more characters without spaces into it',
  });
}
