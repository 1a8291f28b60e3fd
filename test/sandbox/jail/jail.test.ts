import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { isAssayError } from '../../../src/core/index.ts';
import { Jail, type JailOptions } from '../../../src/sandbox/index.ts';
import { canJail } from '../../oracles/jail.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';

const MiB = 2 ** 20;
const probe = fileURLToPath(new URL('probe.py', import.meta.url));
const open: Jail[] = [];

function jailed(code: string, options: Partial<JailOptions> = {}): Jail {
  const jail = new Jail({
    program: '/usr/bin/python3',
    args: ['-I', '-c', code],
    folders: [],
    files: [],
    env: {},
    scratchBytes: 16 * MiB,
    request: 'the request',
    limits: { memoryBytes: 1024 * MiB, cpuSeconds: 60, wallMs: 600_000 },
    processEnv: { PATH: process.env.PATH },
    ...options,
  });
  open.push(jail);
  return jail;
}

/** A folder with a bubblewrap that ignores one of its options. */
function bubblewrapWithout(option: string): string {
  const folder = tempFolder();
  const script = `#!/bin/sh\nfor one do shift; [ "$one" = ${option} ] || set -- "$@" "$one"; done\nPATH=${process.env.PATH} exec bwrap "$@"\n`;
  writeFileSync(join(folder, 'bwrap'), script, { mode: 0o755 });
  return folder;
}

/** How a jail ends that sends no result. */
async function endOf(jail: Jail): Promise<readonly [code: string, message: string]> {
  const error = await jail.next().catch((thrown: unknown) => thrown);
  if (!isAssayError(error)) throw error;
  return [error.code, error.message];
}

afterEach(async () => {
  for (const jail of open.splice(0)) await jail.end();
});

requirePart('jail', canJail(), 'apt-get install bubblewrap', 'the jail of programs that run code of a model', () => {
  it('gives threads, memory and its request, and nothing of the machine', async () => {
    const jail = jailed('', { args: ['-I', '/probe.py'], files: [{ fd: openSync(probe, 'r'), at: '/probe.py' }] });
    const { json } = await jail.next();
    const { attempts, ...facts } = json() as { attempts: Record<string, string> };
    expect(facts).toEqual({
      environment: ['HOME', 'LC_ALL', 'PATH', 'PWD'],
      request: 'the request',
      user: 65534,
    });
    const missing = 'Function not implemented';
    const forbidden = 'Operation not permitted';
    const absent = 'No such file or directory';
    const readOnly = 'Read-only file system';
    expect(attempts).toEqual({
      threads: 'done',
      'memory at /tmp': 'done',
      'a second process': forbidden,
      'a program': forbidden,
      'a socket': missing,
      'a file at /': readOnly,
      'a file in /dev/shm': readOnly,
      'a file beside the interpreter': readOnly,
      'processes of the machine': absent,
      'accounts of the machine': absent,
      'a thread in its own namespace': forbidden,
      'a name of another process': forbidden,
      'typing into a terminal': forbidden,
      unshare: missing,
      ptrace: missing,
      keyctl: missing,
      mount: missing,
      setns: missing,
      process_vm_readv: missing,
      personality: missing,
      kexec_load: missing,
      io_uring_setup: missing,
      clone3: missing,
      pidfd_open: missing,
      userfaultfd: missing,
      bpf: missing,
    });
    expect((await jail.next()).type).toBe(5);
  });

  it.each([
    ['memory', 'x = bytearray(2 << 30)', 'limit', /needed more than 1024 MiB of memory/],
    [
      'a thousand small pieces of memory',
      'x = [bytearray(1 << 22) for _ in range(1000)]',
      'limit',
      /1024 MiB of memory/,
    ],
    ['scratch memory', 'open("/tmp/x", "wb").write(b"x" * (32 << 20))', 'sandbox', /No space left on device/],
    ['an error', 'raise ValueError("no")', 'sandbox', /ValueError: no$/],
    ['an end without a result', '', 'sandbox', /exit status 0/],
    ['a frame that is none', 'import os; os.write(4, b"x" * 9)', 'sandbox', /not a frame/],
    ['control characters', 'raise ValueError("\\x1b[31m")', 'sandbox', /ValueError: \?\[31m$/],
  ])('ends with %s', async (_, code, expected, message) => {
    const [ended, text] = await endOf(jailed(code));
    expect(ended).toBe(expected);
    expect(text).toMatch(message);
  });

  it('ends at its CPU seconds', async () => {
    const limits = { memoryBytes: 1024 * MiB, cpuSeconds: 1, wallMs: 600_000 };
    expect(await endOf(jailed('while True: pass', { limits }))).toEqual([
      'limit',
      'the program in the sandbox used 1 s of CPU time',
    ]);
  });

  it('ends at its wall clock', async () => {
    const limits = { memoryBytes: 1024 * MiB, cpuSeconds: 60, wallMs: 1 };
    expect(await endOf(jailed('import time; time.sleep(10_000)', { limits }))).toEqual([
      'limit',
      'the program in the sandbox took longer than 0 s',
    ]);
  });

  it('ends with the signal of its caller', async () => {
    const stop = new AbortController();
    const jail = jailed('import os, time; os.write(4, b"\\4\\2\\0\\0\\0{}"); time.sleep(10_000)', {
      signal: stop.signal,
    });
    await jail.next();
    stop.abort();
    expect(await endOf(jail)).toEqual(['aborted', expect.any(String)]);
  });

  describe('of which nothing is tied to the life of its parent', () => {
    /** What outlives bubblewrap holds the pipes open, and `endOf` waits for those. */
    const untied = { PATH: `${bubblewrapWithout('--die-with-parent')}:${process.env.PATH}` };

    it.each([
      ['before it starts', false],
      ['while it runs', true],
    ])('leaves no process behind when it ends %s', async (_, starts) => {
      const stop = new AbortController();
      const code = 'import os, time; os.write(4, b"\\4\\2\\0\\0\\0{}"); time.sleep(10_000)';
      const jail = jailed(code, { signal: stop.signal, processEnv: untied });
      if (starts) await jail.next();
      stop.abort();
      expect(await endOf(jail)).toEqual(['aborted', expect.any(String)]);
    });
  });

  it('shows the file that is open, though its path has another one', async () => {
    const jail = jailed('print(open("/model").read()[:3], file=__import__("sys").stderr); raise SystemExit(3)', {
      files: [{ fd: openSync(probe, 'r'), at: '/model' }],
    });
    expect((await endOf(jail))[1]).toMatch(/exit status 3\): """$/);
  });
});

describe('the jail without its parts', () => {
  it('says that bubblewrap is not installed, and how to install it', () => {
    expect(() => jailed('', { processEnv: { PATH: '/nowhere' } })).toThrow(
      expect.objectContaining({ code: 'not-found', hint: expect.stringContaining('apt-get install bubblewrap') }),
    );
  });
});
