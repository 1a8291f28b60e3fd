import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Where the system does not tell what a process does, it is given a while. */
const HIDDEN_MS = 2_000;
const knows = process.platform === 'linux';

/** Waits until a process has opened a file. */
export function untilOpen(pid: number | undefined, path: string): Promise<void> {
  const [folder, real] = [`/proc/${pid}/fd`, realpathSync(path)];
  const isIt = (fd: string) => {
    try {
      return readlinkSync(`${folder}/${fd}`) === real;
    } catch {
      // It was closed meanwhile.
      return false;
    }
  };
  return until(() => readdirSync(folder).some(isIt));
}

/** Until it is so, or the process has ended. */
async function until(holds: () => boolean): Promise<void> {
  if (!knows) return delay(HIDDEN_MS);
  try {
    while (!holds()) await delay(10);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')))
      throw error;
  }
}
