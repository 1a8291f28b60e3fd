import { randomUUID } from 'node:crypto';
import { lstatSync, type Stats } from 'node:fs';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, join, sep } from 'node:path';
import { AssayError, codeOrText } from '../../core/index.ts';
import type { Shell } from './shell.ts';

/** Where a report goes. */
export interface Sink {
  /** Text to stdout appears at once; text for a file is kept until `commit`. */
  write(text: string | Uint8Array): void;
  /** Puts the file in place, whole or not at all. */
  commit(): Promise<void>;
}

/**
 * A sink for `--output`, or stdout without it. Looks before any work is done whether the file can be written.
 * @param flag the option that named the file, for messages
 * @throws AssayError `usage` when the folder is missing, `path` is a folder, the command line names the file for something else, too, it is
 *   in a folder that the command line names, or it holds a private key. Signatures and lists of checksums may be replaced within what they are of.
 */
export async function openSink(
  path: string | undefined,
  shell: Shell,
  flag = '--output',
  isWithin = flag === '--signature',
): Promise<Sink> {
  if (path === undefined) return { write: (text) => void shell.stdout.write(text), commit: async () => {} };
  const subject = `${flag} ${path}`;
  await checkDestination(path, subject);
  await refuseOtherUse(path, subject, shell, isWithin);
  const parts: Uint8Array[] = [];
  return {
    write: (text) => void parts.push(typeof text === 'string' ? Buffer.from(text) : text),
    commit: () => writeWhole(path, Buffer.concat(parts), subject),
  };
}

async function checkDestination(path: string, subject: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (folder === undefined) {
    throw new AssayError('usage', `there is no folder ${dirname(path)}`, {
      subject,
      hint: 'create it, or name another file',
    });
  }
  if (!folder.isDirectory() || (await stat(path).catch(() => undefined))?.isDirectory()) {
    throw new AssayError('usage', 'is not a place for a file', { subject, hint: 'name a file' });
  }
}

/** A key, a report or a model that the same command reads would be lost. */
async function refuseOtherUse(path: string, subject: string, { args, env }: Shell, within: boolean): Promise<void> {
  const own = await fileAt(path);
  if (own === undefined) return;
  const isOwn = (word: string) => word === path || word.endsWith(`=${path}`) || word === `-o${path}`;
  const others = new Set([...args.filter((word) => !isOwn(word)).map(wordValue), ...namedIn(env)]);
  let isRead = args.filter(isOwn).length > 1;
  for (const word of others) isRead ||= isSameFile(own, await fileAt(word));
  if (isRead)
    throw new AssayError('usage', 'is a file that this command reads', { subject, hint: 'name another file' });
  if (await holdsPrivateKey(path))
    throw new AssayError('usage', 'is a private key', { subject, hint: 'name another file' });
  if (within) return;
  const place = await realpath(path);
  for (const word of others) {
    const folder = await folderAt(word);
    if (folder !== undefined && place.startsWith(folder.endsWith(sep) ? folder : folder + sep))
      throw new AssayError('usage', `is a file of ${word}, which this command names`, {
        subject,
        hint: 'name a file outside it, or remove this one first',
      });
  }
}

/** The largest PEM file of one key is far smaller. */
const MAX_KEY = 64 * 1024;

async function holdsPrivateKey(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_KEY), 0, MAX_KEY, 0);
    return buffer.subarray(0, bytesRead).includes('PRIVATE KEY-----');
  } finally {
    await file.close();
  }
}

async function folderAt(path: string): Promise<string | undefined> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  return isFolder ? realpath(path) : undefined;
}

/** Of `--option=value`, the value. */
function wordValue(word: string): string {
  return word.startsWith('--') ? word.slice(word.indexOf('=') + 1) : word;
}

function namedIn(env: NodeJS.ProcessEnv): string[] {
  const own = Object.entries(env).filter(([name]) => name.startsWith('ASSAY_'));
  return own.flatMap(([, value]) => (value ?? '').split(delimiter)).filter((word) => word !== '');
}

async function fileAt(path: string): Promise<Stats | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? found : undefined;
}

function isSameFile(a: Stats, b: Stats | undefined): boolean {
  return b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** Beside the file and then in its place, so that nobody ever reads half a report. Devices and pipes are written as they are. */
async function writeWhole(path: string, bytes: Uint8Array, subject: string): Promise<void> {
  const special = lstatSync(path, { throwIfNoEntry: false })?.isFile() === false;
  const target = special ? path : join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(target, special ? 'w' : 'wx');
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    if (!special) await rename(target, path);
  } catch (error) {
    if (!special) await rm(target, { force: true });
    throw new AssayError('unreadable', `cannot be written (${codeOrText(error)})`, {
      subject,
      hint: 'check its permissions and the space left, or name another file',
      cause: error,
    });
  }
}
