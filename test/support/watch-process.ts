import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Where the system does not tell what a process does, it is given a while. */
const HIDDEN_MS = 2_000;
const knows = process.platform === 'linux';

/** Waits until a process takes a signal itself: one that has just been started is ended by it. */
export function untilHeeds(pid: number | undefined, signal: NodeJS.Signals): Promise<void> {
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  return until(() => {
    const caught = /^SigCgt:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    return (BigInt(`0x${caught}`) & bit) !== 0n;
  });
}

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
