import { type ChildProcess, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { until } from './until.ts';

/** Waits until a process has opened a file, or has ended. */
export function untilOpen(child: ChildProcess, path: string): Promise<void> {
  const real = realpathSync(path);
  return until(
    `${real} is open`,
    () => child.exitCode !== null || child.signalCode !== null || isOpen(child.pid, real),
  );
}

function isOpen(pid: number | undefined, path: string): boolean {
  if (process.platform !== 'linux') return spawnSync('lsof', ['-p', String(pid), '--', path]).status === 0;
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((fd) => isLink(`${folder}/${fd}`, path));
  } catch {
    // The process has just ended.
    return false;
  }
}

function isLink(fd: string, path: string): boolean {
  try {
    return readlinkSync(fd) === path;
  } catch {
    // The file was closed meanwhile.
    return false;
  }
}
