import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';
import { Progress } from '../../../src/cli/terminal/progress.ts';
import { graver, printError, type Shell, wantsColor, widthOf } from '../../../src/cli/terminal/shell.ts';
import { closest } from '../../../src/core/closest.ts';
import { AssayError } from '../../../src/core/errors.ts';

function shellOf(isTTY: boolean, columns = 60): { shell: Shell; written: string[] } {
  const written: string[] = [];
  const stream = { write: (text: string | Uint8Array) => written.push(String(text)) > 0, isTTY, columns };
  const shell: Shell = {
    args: [],
    env: {},
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
    exit: () => {},
  };
  return { shell, written };
}

describe('the progress display', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is one line that appears after a moment, is redrawn, and is removed at the end', () => {
    const { shell, written } = shellOf(true);
    const progress = new Progress(shell, true);
    progress.onEvent({ kind: 'artifact', ref: 'm', files: 3, bytes: 3 * 1024 * 1024 });
    progress.onEvent({ kind: 'file-start', path: 'a.bin', size: 1024 * 1024 });
    progress.onEvent({ kind: 'bytes', path: 'a.bin', bytes: 1000 });
    vi.advanceTimersByTime(250);
    expect(written).toEqual([]);
    progress.onEvent({ kind: 'file-end', path: 'a.bin' });
    progress.onEvent({ kind: 'file-start', path: 'evil\u001b[2J\n', size: 1 });
    vi.advanceTimersByTime(150);
    expect(written.length).toBeGreaterThan(0);
    expect(written.at(-1)).toMatch(/^\r.\[2K1 of 3 files · 1\.0 MiB of 3\.0 MiB · [\d.]+ MiB\/s · evil\\x1b/);
    for (const text of written) expect(text.length).toBeLessThan(60 + 5);
    progress.end();
    expect(written.at(-1)).toBe('\r\u001b[2K');
    const count = written.length;
    vi.advanceTimersByTime(1000);
    expect(written).toHaveLength(count);
  });

  it('is silent outside a terminal and with --quiet', () => {
    for (const [isTTY, enabled] of [
      [false, true],
      [true, false],
    ] as const) {
      const { shell, written } = shellOf(isTTY);
      const progress = new Progress(shell, enabled);
      progress.onEvent({ kind: 'artifact', ref: 'm', files: 1, bytes: 1 });
      vi.advanceTimersByTime(2000);
      progress.end();
      expect(written).toEqual([]);
    }
  });
});

describe('an error message', () => {
  it('is one escaped line, and includes the stack for a defect of ours', () => {
    const { shell, written } = shellOf(false);
    printError(shell, new AssayError('not-found', 'no such\nfile', { subject: 'a\u001b[2J', hint: 'read it again' }));
    expect(written).toEqual(['assay: a\\x1b[2J: no such\\nfile; read it again\n']);
    written.length = 0;
    printError(shell, new TypeError('x is not a function'));
    expect(written[0]).toBe('assay: defect: x is not a function; please report it with the lines below\n');
    expect(written[1]).toMatch(/^ {2}at /);
  });
});

it('the exit code of a denial takes precedence over incompleteness, and that over success', () => {
  expect([graver(0, 2), graver(2, 1), graver(1, 2), graver(0, 0)]).toEqual([2, 1, 1, 0]);
});

it('colour depends on the flag, FORCE_COLOR, NO_COLOR and the terminal', () => {
  const [tty, pipe] = [shellOf(true).shell.stdout, shellOf(false).shell.stdout];
  expect(wantsColor(tty, {}, true)).toBe(true);
  expect(wantsColor(pipe, {}, true)).toBe(false);
  expect(wantsColor(tty, {}, false)).toBe(false);
  expect(wantsColor(tty, { NO_COLOR: '1' }, true)).toBe(false);
  expect(wantsColor(tty, { NO_COLOR: '' }, true)).toBe(true);
  expect(wantsColor(tty, { TERM: 'dumb' }, true)).toBe(false);
  expect(wantsColor(pipe, { FORCE_COLOR: '1' }, true)).toBe(true);
  expect(wantsColor(tty, { FORCE_COLOR: '0' }, true)).toBe(false);
});

it('lines are as wide as the terminal, within limits', () => {
  expect(
    [shellOf(true, 80), shellOf(true, 10), shellOf(true, 500), shellOf(false)].map(({ shell }) =>
      widthOf(shell.stdout),
    ),
  ).toEqual([80, 40, 140, 100]);
});

it('the suggestions for a mistyped name are the closest names, nearest first', () => {
  const known = ['pickle.global.unlisted', 'pickle.global.dangerous', 'zip.duplicate-member'];
  expect(closest('pickle.global.unlsted', known)).toEqual(['pickle.global.unlisted']);
  expect(closest('duplicate', known)).toEqual(['zip.duplicate-member']);
  expect(closest('xyz', known)).toEqual([]);
  expect(closest('y'.repeat(100_000), known)).toEqual([]);
});

describe('a command line', () => {
  const verbsOf = (first?: string) => createProgram(shellOf(false).shell, first).commands.map((verb) => verb.name());

  it('that starts with a verb loads that verb alone, and any other loads all', () => {
    const all = verbsOf();
    expect(all.length).toBeGreaterThan(20);
    for (const verb of all) expect(verbsOf(verb)).toEqual([verb]);
    for (const other of ['help', '--help', 'scam', '', 'constructor']) expect(verbsOf(other)).toEqual(all);
  });
});
