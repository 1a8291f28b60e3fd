import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';

const POLL_MS = 10_000;
const SETTLE_MS = 100;

export interface WatchedFiles {
  /** Looks now, too, as at each event and poll. */
  look(): Promise<void>;
  close(): void;
}

export interface FileWatchOptions {
  readonly pollMs?: number;
}

/**
 * Calls `look` soon after something happened in the folders of these files, and every few seconds, whatever was noticed: links
 * that are swapped (as for Secrets and ConfigMaps), network disks and folders that come later tell nothing. One call at a time.
 * @param look reads the files, compares, and never rejects
 */
export function watchFiles(
  files: readonly string[],
  look: () => Promise<void>,
  { pollMs = POLL_MS }: FileWatchOptions = {},
): WatchedFiles {
  let running: Promise<void> | undefined;
  let again = false;
  let settling: NodeJS.Timeout | undefined;
  const lookOnce = (): Promise<void> => {
    if (running !== undefined) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await look();
      } while (again);
      running = undefined;
    })();
    return running;
  };
  const soon = () => {
    clearTimeout(settling);
    settling = setTimeout(() => void lookOnce(), SETTLE_MS);
  };
  const watchers = [...new Set(files.map((file) => dirname(file)))].flatMap((folder) => watcherOf(folder, soon));
  const poll = setInterval(() => void lookOnce(), pollMs);
  return {
    look: lookOnce,
    close: () => {
      clearTimeout(settling);
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function watcherOf(folder: string, soon: () => void): FSWatcher[] {
  try {
    // A watch that ends is not a loss: the poll goes on.
    return [watch(folder, { persistent: false }, soon).on('error', () => {})];
  } catch {
    return [];
  }
}
