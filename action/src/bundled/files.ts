import * as fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { decodeBase85 } from './base85.ts';
import { PACKED } from './packed.ts';
import { CARRIED } from './place.ts';

// Stands in for `node:fs` where the program reads files of its own: the bundle is one file, and carries them.

let carried: ReadonlyMap<string, string> | undefined;

function files(): ReadonlyMap<string, string> {
  carried ??= new Map(JSON.parse(brotliDecompressSync(decodeBase85(PACKED)).toString('utf8')));
  return carried;
}

/** The path of a carried file; `undefined` for any other file. */
function nameOf(path: fs.PathOrFileDescriptor): string | undefined {
  if (typeof path === 'number' || Buffer.isBuffer(path)) return undefined;
  const { href } = path instanceof URL ? path : pathToFileURL(path);
  return href.startsWith(CARRIED.href) ? decodeURIComponent(href.slice(CARRIED.href.length)) : undefined;
}

export function readFileSync(path: fs.PathOrFileDescriptor, encoding?: BufferEncoding): string | Buffer {
  const name = nameOf(path);
  if (name === undefined) return fs.readFileSync(path, encoding);
  const text = files().get(name);
  if (text === undefined) throw Object.assign(new Error(`the bundle carries no ${name}`), { code: 'ENOENT' });
  return encoding === undefined ? Buffer.from(text) : text;
}

/** The files below a carried folder, by their paths. */
export function readdirSync(folder: URL): string[] {
  const name = nameOf(folder);
  if (name === undefined) return fs.readdirSync(folder);
  return [...files().keys()].filter((path) => path.startsWith(name)).map((path) => path.slice(name.length));
}
