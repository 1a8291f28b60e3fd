import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/index.ts';

/**
 * How results of jobs lie on the disk. The registry names the folder of the attempt that counts; all others are rubbish.
 *
 *     <folder>/<hash of the tenant>/.<job>.<random>.tmp/files    what an attempt writes
 *                                  /<random>-<bytes>/report.json the report of the job; its age is that of the result
 *                                                   /files/...   what a conversion wrote, by the paths of the report
 */
const NAME = /^[0-9a-f]{32}-([0-9a-z]{1,11})$/;
const ATTEMPT = /^\.[A-Za-z0-9_-]{1,100}\.[0-9a-f]{32}\.tmp$/;

/** Random, then the bytes in base 36: what is stored is counted by reading names alone. */
export function resultName(bytes: number): string {
  return `${randomBytes(16).toString('hex')}-${bytes.toString(36)}`;
}

/** Bytes of a result; `undefined` for what is not the name of one. */
export function bytesOfName(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 36);
}

export function attemptName(job: string): string {
  return `.${job}.${randomBytes(16).toString('hex')}.tmp`;
}

function isAttempt(name: string): boolean {
  return ATTEMPT.test(name);
}

export function isAttemptOf(name: string, job: string): boolean {
  return isAttempt(name) && name.startsWith(`.${job}.`);
}

export function tenantHome(root: string, tenant: string): string {
  return join(root, createHash('sha256').update(tenant).digest('hex').slice(0, 32));
}

/** Every byte and every name below a folder is on the disk afterwards. @returns the bytes of its files */
export async function syncTree(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? await syncTree(path) : await syncPath(path);
  }
  await syncPath(folder);
  return bytes;
}

async function syncPath(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Puts a folder in its place, for good. */
export async function settle(from: string, home: string, name: string): Promise<void> {
  await rename(from, join(home, name));
  await syncPath(home);
}

/** For `catch`: what is not there is `undefined`, everything else goes on. */
export function orMissing(error: unknown): undefined {
  if (systemCode(error) === 'ENOENT') return undefined;
  throw error;
}
