import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { transpile } from '../../scripts/transpile.mjs';
import { PostgresServer } from './postgres.ts';
import { RedisServer } from './redis.ts';
import { offerServers } from './shared-servers.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await compileWhatIsOld();
  const removeTemporaryFiles = moveTemporaryFiles();
  const stopServers = await offerServers(project, {
    postgres: () => PostgresServer.start(),
    redis: () => RedisServer.start(),
  });
  return async () => {
    await stopServers();
    removeTemporaryFiles();
  };
}

/** Programs, threads and child processes of tests run compiled code from `dist`, which is rebuilt when a source is newer. */
async function compileWhatIsOld(): Promise<void> {
  const sources = ['src', join('admission-webhook', 'src')];
  if (Math.max(...sources.map((folder) => youngest(join(ROOT, folder)))) > builtAt()) await transpile();
}

/**
 * Gives the run its own folder for temporary files, so that files of an aborted test are removed with it. The folder of a
 * killed run is removed by the next run.
 */
function moveTemporaryFiles(): () => void {
  for (const name of readdirSync(tmpdir())) {
    const [, run] = /^at(\d+)-/.exec(name) ?? [];
    if (run !== undefined && !isAlive(Number(run))) removeOld(join(tmpdir(), name));
  }
  // A short name: the length of socket paths is limited, and Chromium creates one far below.
  const folder = mkdtempSync(join(tmpdir(), `at${process.pid}-`));
  // Some tests run programs as other users.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Files of other users, and files that another run removes at the same time, are left alone. */
function removeOld(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    process.stderr.write(`${folder} is not removed: ${String(error)}\n`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function builtAt(): number {
  return statSync(join(ROOT, 'dist', 'src', 'sandbox', 'child.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function youngest(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Math.max(0, ...entries.filter((e) => e.isFile()).map((e) => statSync(join(e.parentPath, e.name)).mtimeMs));
}
