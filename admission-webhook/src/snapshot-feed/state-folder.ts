import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError, systemCode } from '../../../src/core/index.ts';

const SNAPSHOT = 'snapshot.json';
const FLOOR = 'floor';
/** What is on its way in; a process that was killed leaves its own behind. */
const INCOMING = /^incoming-\d+-\d+$/;
const MAX_FLOOR_BYTES = 32;
/** Younger ones are another process's, which is not done with them. */
const STALE_MS = 15 * 60_000;

/** Where the last good snapshot and the floor are kept over a restart. */
export interface StateFolder {
  /** The last that was verified; the file need not be there. */
  readonly snapshot: string;
  /** No version below it is taken; 0 when none was kept. @throws AssayError `malformed`, `unreadable` */
  readFloor(): Promise<number>;
  keepFloor(version: number): Promise<void>;
  /** A path in the folder that nobody uses. */
  incoming(): string;
  /** Makes what is at the path the last good one, whole or not at all. */
  keep(path: string): Promise<void>;
  discard(path: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param path `null`: a folder that is gone at the end, so that nothing outlasts a restart
 * @throws AssayError `usage` for a folder that cannot be made or written to
 */
export async function openStateFolder(path: string | null): Promise<StateFolder> {
  const folder = await madeFolder(path);
  await sweep(folder);
  let count = 0;
  const at = (name: string) => join(folder, name);
  const incoming = () => at(`incoming-${process.pid}-${++count}`);
  return {
    snapshot: at(SNAPSHOT),
    incoming,
    readFloor: () => readFloor(at(FLOOR)),
    async keepFloor(version) {
      const temporary = incoming();
      await writeSynced(temporary, `${version}\n`);
      await moved(temporary, at(FLOOR), folder);
    },
    keep: (from) => moved(from, at(SNAPSHOT), folder),
    discard: (from) => rm(from, { force: true }),
    async close() {
      if (path === null) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function madeFolder(path: string | null): Promise<string> {
  try {
    if (path === null) return await mkdtemp(join(tmpdir(), 'assay-admission-'));
    await mkdir(path, { recursive: true, mode: 0o700 });
    const probe = join(path, `incoming-${process.pid}-0`);
    await writeSynced(probe, '');
    await rm(probe);
    return path;
  } catch (cause) {
    const code = systemCode(cause) ?? 'unknown';
    const subject = path === null ? tmpdir() : `--state ${path}`;
    const hint = 'name a folder that can be written to with --state';
    throw new AssayError('usage', `cannot be written to (${code})`, { subject, hint, cause });
  }
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!INCOMING.test(name)) continue;
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > STALE_MS) await rm(join(folder, name), { force: true });
  }
}

async function readFloor(path: string): Promise<number> {
  let text: string;
  try {
    text = (await readFile(path)).toString('latin1', 0, MAX_FLOOR_BYTES);
  } catch (cause) {
    const code = systemCode(cause) ?? 'unknown';
    if (code === 'ENOENT') return 0;
    throw new AssayError('unreadable', `cannot be read (${code})`, { subject: path, cause });
  }
  if (/^\d{1,15}\n?$/.test(text)) return Number(text);
  throw new AssayError('malformed', 'holds no version', {
    subject: path,
    hint: 'write the version of the newest snapshot there',
  });
}

/** On the disk, and not on its way to it, before its name is known. */
async function moved(from: string, to: string, folder: string): Promise<void> {
  await rename(from, to);
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
