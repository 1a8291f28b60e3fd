import { constants } from 'node:fs';
import { createRequire } from 'node:module';
import { AssayError } from '../../core/index.ts';
import { fields } from '../frames.ts';
import type { TaskIo } from './task-io.ts';

/** The names of codecs and archives in 7-Zip. */
const TYPES: ReadonlySet<string> = new Set(['7z', 'xz', 'lzma', 'bzip2', 'zstd']);
const INPUT = '/in';
const OUTPUT = '/out';
const MAX_LINES = 20;
const MAX_LINE = 200;

/**
 * Messages of this task, between the bytes of the members they announce.
 * `listed`: what the archive says of itself, one block of `Name = value` lines a member. `member`: the bytes that follow are
 * its. `physicalSize`: bytes that the archive takes up, where 7-Zip tells. `problems`: 7-Zip's complaints, at the end.
 */
export type SevenZipMessage =
  | { readonly listed: Readonly<Record<string, string>> }
  | { readonly member: string }
  | { readonly physicalSize: number }
  | { readonly problems: readonly string[] };

/** Lists (7z only) and decompresses the input. `args`: `{ type, maxMembers }`. */
export async function run(args: unknown, io: TaskIo): Promise<void> {
  const { type, maxMembers } = fields(args);
  if (typeof type !== 'string' || !TYPES.has(type)) throw new AssayError('unsupported', 'no such codec');
  const most = typeof maxMembers === 'number' ? maxMembers : 1;
  if (type === '7z') await list(io, most);
  await extract(type, io);
}

async function list(io: TaskIo, maxMembers: number): Promise<void> {
  let block: Record<string, string> = {};
  let members = 0;
  const flush = () => {
    if (block.Path === undefined) return;
    if (++members > maxMembers) throw new AssayError('limit', `more than ${maxMembers} members (maxMembers)`);
    io.message({ listed: block } satisfies SevenZipMessage);
    block = {};
  };
  const line = (text: string) => {
    const at = text.indexOf(' = ');
    if (text.startsWith('Path = ')) flush();
    if (at > 0) block[text.slice(0, at)] = text.slice(at + 3).slice(0, 4096);
  };
  const { callMain, problems } = await start(io, line);
  callMain(['l', '-slt', '-ba', '-bd', '-t7z', '-pnone', INPUT]);
  flush();
  if (members === 0 && problems.length > 0) io.message({ problems } satisfies SevenZipMessage);
}

async function extract(type: string, io: TaskIo): Promise<void> {
  const { callMain, problems } = await start(io, (line) => {
    const size = /^Physical Size = (\d+)$/.exec(line)?.[1];
    if (size !== undefined) io.message({ physicalSize: Number(size) } satisfies SevenZipMessage);
  });
  const status = callMain(['x', `-t${type}`, '-y', '-aoa', '-pnone', '-bd', INPUT]);
  if (status !== 0 && problems.length === 0) problems.push(`7-Zip ended with status ${status}`);
  if (problems.length > 0) io.message({ problems } satisfies SevenZipMessage);
}

/** The part of Emscripten's file system that is used here; the package's own declarations are not of its real shape. */
interface EmscriptenStream {
  readonly path: string;
  readonly node: { readonly mode: number };
  stream_ops: object;
}

interface EmscriptenFs {
  writeFile(path: string, bytes: Uint8Array): void;
  mkdir(path: string): void;
  chdir(path: string): void;
  lookupPath(path: string): { readonly node: { usedBytes: number } };
  isFile(mode: number): boolean;
  open(path: unknown, flags: unknown, mode?: unknown): EmscriptenStream;
  ftruncate(fd: number, length: number): void;
}

interface SevenZip {
  readonly FS: EmscriptenFs;
  /** The exit status. */
  callMain(args: string[]): number;
}

type SevenZipFactory = (options: object) => Promise<SevenZip>;

async function start(io: TaskIo, print: (line: string) => void) {
  // Emscripten asks for file constants in a way that the permission model refuses.
  Object.assign(process, { binding: () => ({ fs: constants }) });
  const factory: SevenZipFactory = createRequire(import.meta.url)('7z-wasm');
  const problems: string[] = [];
  const printErr = (text: string) => {
    if (/\S/.test(text) && problems.length < MAX_LINES) problems.push(text.trim().slice(0, MAX_LINE));
  };
  const { FS, callMain } = await factory({ print, printErr, stdin: () => null });
  FS.writeFile(INPUT, new Uint8Array(0));
  FS.mkdir(OUTPUT);
  FS.chdir(OUTPUT);
  connect(FS, io);
  return { callMain, problems };
}

/** Connects the input file to the bytes of the parent, and every output file to the parent, so that memory holds neither. */
function connect(FS: EmscriptenFs, io: TaskIo): void {
  const open = FS.open.bind(FS);
  FS.lookupPath(INPUT).node.usedBytes = io.inputSize;
  FS.open = (path, flags, mode) => {
    const stream = open(path, flags, mode);
    if (stream.path === INPUT) stream.stream_ops = { ...stream.stream_ops, read: reader(io) };
    else if (stream.path.startsWith(`${OUTPUT}/`) && FS.isFile(stream.node.mode)) {
      io.message({ member: stream.path.slice(OUTPUT.length + 1) } satisfies SevenZipMessage);
      stream.stream_ops = { ...stream.stream_ops, write: writer(io) };
    }
    return stream;
  };
  // 7-Zip announces the size of what it writes; nothing is kept, so nothing needs the room.
  FS.ftruncate = () => {};
}

type Transfer = (stream: unknown, memory: Int8Array, offset: number, length: number, position: number) => number;

function reader(io: TaskIo): Transfer {
  return (_stream, memory, offset, length, position) => {
    const bytes = io.read(position, length);
    new Uint8Array(memory.buffer, memory.byteOffset + offset, bytes.length).set(bytes);
    return bytes.length;
  };
}

function writer(io: TaskIo): Transfer {
  let end = 0;
  return (_stream, memory, offset, length, position) => {
    if (position !== end) throw new AssayError('unsupported', '7-Zip wrote a member out of order');
    io.write(new Uint8Array(memory.buffer, memory.byteOffset + offset, length));
    end += length;
    return length;
  };
}
