import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { frames } from '../support/hostile-files.mjs';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const MAIN = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
const folder = tempFolder();

/** The CPU time in hundredths of a second of each thread of a process except the first. */
function threadTicks(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .filter((id) => id !== String(pid))
    .map((id) => {
      const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11]);
    });
}

describe.runIf(process.platform === 'linux')('a scan', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends on %s while a parser works on a hostile file', async (signal) => {
    const path = join(folder, `${signal}.pkl`);
    writeFileSync(path, frames('straddled', 60_000_000));
    const scan = spawn(process.execPath, [MAIN, 'scan', path], { stdio: 'ignore' });
    const ended = once(scan, 'exit');
    // A parser needs less than this to start, and more to read the file once.
    await until('a parser works', () => threadTicks(scan.pid ?? 0).some((ticks) => ticks >= 40));
    expect(scan.exitCode).toBeNull();
    scan.kill(signal);
    const [code] = await ended;
    expect(code).toBe(signal === 'SIGTERM' ? 143 : 130);
  });
});
