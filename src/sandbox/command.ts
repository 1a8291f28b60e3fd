import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssayError, PACKAGE_ROOT } from '../core/index.ts';

/** Bytes of data segment that Node needs beside the task's own: heap, stacks of its threads, compiled code. */
const RUNTIME_BYTES = 256 * 1024 * 1024;
/** Newer V8 reserves this much more at its start without using it, and the kernel counts it. */
const RESERVED_BYTES = 512 * 1024 * 1024;
const RESERVES_SINCE = 21;
/** What `ulimit -f` counts in (POSIX). */
const FILE_BLOCK = 512;

export interface CommandOptions {
  /** The child's entry, a JavaScript file. */
  readonly entry: string;
  /** Packages whose folders the child may read. */
  readonly packages: readonly string[];
  /** Other folders that it may read. */
  readonly folders?: readonly string[];
  /** Native modules may be loaded. */
  readonly addons?: boolean;
  /** Bytes of its data segment; `undefined` for drivers that reserve more than they use, whose memory the watchdog bounds alone. */
  readonly memoryBytes: number | undefined;
  /** Bytes of a file that it may write; none when absent. */
  readonly fileBytes?: number;
  readonly cpuSeconds: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

const ROOT = fileURLToPath(PACKAGE_ROOT);
const SHELL = '/bin/sh';

/** The compiled entry, also when this runs from source: Node 20 cannot run TypeScript. */
export function childEntry(): string {
  const entry = join(ROOT, 'dist', 'src', 'sandbox', 'child.js');
  if (!existsSync(entry)) {
    throw new AssayError('internal', 'the sandbox is not built', { subject: entry, hint: 'run `npm run build`' });
  }
  return entry;
}

/**
 * How to start the child: through a shell that bounds its data segment (heap flags do not bound Buffers, and WebAssembly
 * needs address space), its CPU seconds, and the bytes of a file that it writes, where there is one; under Node's permission
 * model, which allows it to read its own code only, and to write or start nothing: what writes a file is native code.
 */
export function sandboxCommand(options: CommandOptions): Command {
  const node = [...permissions(options), '--no-warnings', '--max-semi-space-size=16', options.entry];
  if (!existsSync(SHELL)) return { file: process.execPath, args: [...node, 'none'] };
  const { memoryBytes, fileBytes = 0 } = options;
  const data = memoryBytes === undefined ? '' : `ulimit -d ${Math.ceil((memoryBytes + runtimeBytes()) / 1024)} && `;
  const cpu = Math.ceil(options.cpuSeconds);
  const blocks = Math.ceil(fileBytes / FILE_BLOCK);
  const limits = `${data}ulimit -St ${cpu} && ulimit -Ht ${cpu + 1} && ulimit -c 0 && ulimit -f ${blocks}`;
  const script = `if { ${limits}; } 2>/dev/null; then b=ulimit; else b=none; fi; exec "$@" "$b"`;
  return { file: SHELL, args: ['-c', script, 'sh', process.execPath, ...node] };
}

function runtimeBytes(): number {
  const [major = 0] = process.versions.node.split('.').map(Number);
  return major >= RESERVES_SINCE ? RUNTIME_BYTES + RESERVED_BYTES : RUNTIME_BYTES;
}

function permissions(options: CommandOptions): string[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const stable = major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  const readable = new Set<string>();
  for (const folder of [
    dirname(dirname(options.entry)),
    ...options.packages.map(packageFolder),
    ...(options.folders ?? []),
  ]) {
    readable.add(join(folder, sep, '*'));
    readable.add(join(realpathSync(folder), sep, '*'));
  }
  readable.add(join(ROOT, 'package.json'));
  return [
    stable ? '--permission' : '--experimental-permission',
    ...(options.addons === true ? ['--allow-addons'] : []),
    ...[...readable].map((path) => `--allow-fs-read=${path}`),
  ];
}

function packageFolder(name: string): string {
  const folder = findPackage(name);
  if (folder !== undefined) return folder;
  throw new AssayError('internal', `the package ${name} is not installed`, { hint: 'run `npm install`' });
}

/** Where Node finds a package, told without loading it. */
export function findPackage(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  return (require.resolve.paths(name) ?? [])
    .map((base) => join(base, name))
    .find((folder) => existsSync(join(folder, 'package.json')));
}
