import { readSmallText } from '../../../src/core/bytes/index.ts';
import { type AdmissionConfig, NO_CONFIG, readAdmissionConfig } from '../config/index.ts';
import type { PartHealth } from '../health.ts';
import { type FileWatchOptions, watchFiles } from '../watched-files.ts';

/** The configuration, read again when its file changes; one that cannot be read leaves the last good one in place. */
export interface ConfigFile {
  config(): AdmissionConfig;
  /** `null`: there is no file. */
  health(): PartHealth | null;
  onChange(listener: () => void): void;
  close(): void;
}

/** @throws AssayError for a file that cannot be read at the start */
export async function openConfigFile(file: string | null, watching: FileWatchOptions = {}): Promise<ConfigFile> {
  if (file === null) return { config: () => NO_CONFIG, health: () => null, onChange: () => {}, close: () => {} };
  const option = '--config';
  let text = await readSmallText(file, option);
  let config = readAdmissionConfig(text, file);
  let loadedAt = new Date();
  let problem: string | null = null;
  const listeners: (() => void)[] = [];
  const look = async () => {
    try {
      const newer = await readSmallText(file, option);
      if (newer !== text) {
        config = readAdmissionConfig(newer, file);
        text = newer;
        loadedAt = new Date();
        for (const listener of listeners) listener();
      }
      problem = null;
    } catch (error) {
      problem = problemOf(error);
    }
  };
  const watched = watchFiles([file], look, watching);
  return {
    config: () => config,
    health: () => ({ loadedAt, problem }),
    onChange: (listener) => void listeners.push(listener),
    close: () => watched.close(),
  };
}

function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const subject = 'subject' in error && typeof error.subject === 'string' ? `${error.subject}: ` : '';
  return subject + error.message;
}
