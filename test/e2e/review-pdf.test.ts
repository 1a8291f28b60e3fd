import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findChromium, printToPdf } from '../../src/sandbox/chromium.ts';
import { PROBES, runCli } from '../cli/run-cli.ts';
import { mixedReview } from '../report/html-sample.ts';
import { chromiumPath, GET_CHROMIUM } from '../support/browser.ts';
import { requirePart } from '../support/parts.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const folder = tempFolder();
const temporary = tempFolder();
const bad = join(PROBES, 'op-global-p2/a.pkl');
const path = chromiumPath();
/** The page size of the PDF in points. */
const SIZES = { a4: /\/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]/, letter: /\/MediaBox \[0 0 612[.\d]* 792[.\d]*\]/ };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** A program in place of Chromium. */
function program(name: string, script: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

function isAlive(pid: number): boolean {
  try {
    // A process that ended and was not waited for yet is a zombie.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function pagesOf(pdf: Buffer): number {
  return pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0;
}

requirePart('browser Chromium', path !== undefined, GET_CHROMIUM, 'the review as a PDF', () => {
  it.each(['a4', 'letter'] as const)('is written on %s by the verb, without other files', async (paper) => {
    const output = join(folder, `${paper}.pdf`);
    const args = ['review', bad, '-o', output, ...(paper === 'letter' ? ['--paper', paper] : [])];
    const { code, stdout, stderr } = await runCli(args, { env: { TMPDIR: temporary } });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^DENY [^\n]+\n[^\n]+\.pdf: /);
    expect(code).toBe(1);
    const pdf = readFileSync(output);
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.toString('latin1')).toMatch(SIZES[paper]);
    expect(pdf.toString('latin1')).not.toMatch(paper === 'a4' ? SIZES.letter : SIZES.a4);
    expect(pagesOf(pdf)).toBeGreaterThan(4);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is tagged for screen readers, with a title and an outline', async () => {
    const pdf = Buffer.from(await printToPdf(mixedReview(), { chromium: path ?? '', env: process.env }));
    const text = pdf.toString('latin1');
    expect(text).toContain('/StructTreeRoot');
    expect(text).toContain('/Outlines');
    expect(text).not.toMatch(/\/JavaScript|\/JS\b|\/EmbeddedFile/);
  });
});

describe('a Chromium process', () => {
  it.each([
    ['fails', 'echo no display >&2; exit 3', 'sandbox', /^Chromium failed \(exit status 3\)$/],
    ['may not isolate itself', 'echo "FATAL: No usable sandbox!" >&2; exit 1', 'sandbox', /cannot use its own sandbox/],
    ['writes nothing', 'exit 0', 'sandbox', /^Chromium did not write a PDF$/],
    ['is killed', 'kill -9 $$', 'sandbox', /^Chromium failed \(signal SIGKILL\)$/],
  ] as const)('gives an error and leaves no files: it %s', async (name, script, code, message) => {
    vi.stubEnv('TMPDIR', temporary);
    const chromium = program(`chromium-${name.replaceAll(' ', '-')}`, script);
    await expect(printToPdf('<p>', { chromium, env: process.env })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(readdirSync(temporary)).toEqual([]);
  });

  /** A program that never ends, with a child that never ends. @returns a check of the processes once they run */
  function endless(name: string) {
    const pids = join(folder, `${name}.pids`);
    const chromium = program(name, `sleep 100000 & echo $$ $! > ${pids}.new; mv ${pids}.new ${pids}; sleep 100000`);
    const running = async (): Promise<readonly number[]> => {
      await until('it runs', () => existsSync(pids));
      return readFileSync(pids, 'utf8').trim().split(' ').map(Number);
    };
    return { chromium, running };
  }

  it('that never ends gives an error and leaves no files', async () => {
    vi.stubEnv('TMPDIR', temporary);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { chromium, running } = endless('chromium-endless');
    let isOver = false;
    const printed = printToPdf('<p>', { chromium, env: process.env }).finally(() => {
      isOver = true;
    });
    printed.catch(() => undefined);
    const pids = await running();
    vi.advanceTimersByTime(179_999);
    await yieldToEventLoop();
    expect([isOver, pids.every(isAlive)]).toEqual([false, true]);
    vi.advanceTimersByTime(1);
    await expect(printed).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringMatching(/^Chromium took longer than 180 seconds to print$/),
    });
    await until('all processes have ended', () => !pids.some(isAlive));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is stopped when the caller aborts', async () => {
    vi.stubEnv('TMPDIR', temporary);
    const stop = new AbortController();
    const { chromium, running } = endless('chromium-slow');
    const printed = printToPdf('<p>', { chromium, env: process.env, signal: stop.signal });
    printed.catch(() => undefined);
    const pids = await running();
    stop.abort();
    await expect(printed).rejects.toMatchObject({ code: 'aborted' });
    await until('all processes have ended', () => !pids.some(isAlive));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('gets only the environment that printing needs', async () => {
    const seen = join(folder, 'seen');
    const chromium = program('chromium-env', `env > ${seen}; exit 1`);
    const env = { ...process.env, HF_TOKEN: 'hf_secret', AWS_SECRET_ACCESS_KEY: 'secret' };
    await expect(printToPdf('<p>', { chromium, env })).rejects.toMatchObject({ code: 'sandbox' });
    expect(readFileSync(seen, 'utf8')).not.toContain('secret');
  });

  it('is found by name on PATH, or at ASSAY_CHROMIUM', () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'google-chrome'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(bin, 'chromium'), 'not a program', { mode: 0o644 });
    expect(findChromium({ PATH: `/nowhere:${bin}` })).toBe(join(bin, 'google-chrome'));
    expect(findChromium({ PATH: bin, ASSAY_CHROMIUM: '/bin/sh' })).toBe('/bin/sh');
  });
});
