// What hostile files cost a scan: wall clock, the memory of all its processes together, and how soon it ends for a signal.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { frames, hostileFiles } from '../../support/hostile-files.mjs';

const MAIN = new URL('../../../dist/src/cli/main.js', import.meta.url).pathname;
const LIMIT_MS = 60_000;
const LIMIT_MIB = 1024;
const STOP_MS = 1_000;
const LOOK_MS = 20;
const CLEAN = '\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s.';

/** Resident MiB of a process and all that it started. */
function residentMib(pid) {
  try {
    const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean),
    );
    return children.reduce((sum, child) => sum + residentMib(child), kib / 1024);
  } catch {
    // It has just ended.
    return 0;
  }
}

/** Hundredths of a second of CPU time of the busiest thread but the first. */
function busiest(pid) {
  try {
    const ticks = readdirSync(`/proc/${pid}/task`).flatMap((id) => {
      if (id === String(pid)) return [];
      const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[11]);
    });
    return Math.max(0, ...ticks);
  } catch {
    return 0;
  }
}

/** Scans files; with `stopAt`, tells the scan to end once a thread of it has worked for so many hundredths of a second. */
async function scan(files, { stopAt } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-hostile-'));
  try {
    for (const [name, bytes] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    const started = performance.now();
    const child = spawn(process.execPath, [MAIN, 'scan', folder, '--format', 'json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    let ended = false;
    const end = new Promise((resolve) =>
      child.once('close', (code) => {
        ended = true;
        resolve(code);
      }),
    );
    let mib = 0;
    let stopped;
    while (!ended) {
      mib = Math.max(mib, residentMib(child.pid));
      if (performance.now() - started > 2 * LIMIT_MS) child.kill('SIGKILL');
      if (stopAt !== undefined && stopped === undefined && busiest(child.pid) >= stopAt) {
        stopped = performance.now();
        child.kill('SIGTERM');
      }
      await Promise.race([end, pause(LOOK_MS)]);
    }
    const now = performance.now();
    const stopMs = stopped === undefined ? undefined : now - stopped;
    return { code: await end, ms: now - started, mib, stopMs, report: stdout === '' ? undefined : JSON.parse(stdout) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function within(what, value, most) {
  if (!(value <= most)) throw new Error(`${what}: ${value.toFixed(0)}, and at most ${most} is allowed`);
}

async function costs(files) {
  const { ms, mib, report } = await scan(files);
  within('milliseconds', ms, LIMIT_MS);
  within('MiB of all processes', mib, LIMIT_MIB);
  if (report === undefined) throw new Error('the scan gave no report');
  return { ms, mib, verdicts: new Map(report.files.map((file) => [file.path, file.verdict])) };
}

const alone = [200_000, 2_000_000, 20_000_000].flatMap((bytes) =>
  hostileFiles(bytes).map(({ name, make }) => ({
    name: `${name} of ${bytes} bytes`,
    limitMs: LIMIT_MS,
    run: async () => {
      const { ms, mib, verdicts } = await costs([
        [name, make()],
        ['good.pkl', Buffer.from(CLEAN, 'latin1')],
      ]);
      return { ms, mib, verdict: verdicts.get(name) };
    },
  })),
);

const thousand = {
  name: 'a thousand hostile files, and good ones among them',
  limitMs: 10 * LIMIT_MS,
  run: async () => {
    const hostile = hostileFiles(20_000).map(({ name, make }) => [name, make()]);
    const files = Array.from({ length: 1_000 }, (_, i) => {
      const [name, bytes] = hostile[i % hostile.length];
      return [`${i}/${name}`, bytes];
    });
    for (let i = 0; i < 50; i++) files.push([`good/${i}.pkl`, Buffer.from(CLEAN, 'latin1')]);
    const { ms, mib, verdicts } = await costs(files);
    for (let i = 0; i < 50; i++) {
      if (verdicts.get(`good/${i}.pkl`) !== 'clean')
        throw new Error(`good/${i}.pkl is ${verdicts.get(`good/${i}.pkl`)}`);
    }
    return { ms, mib, verdict: `${verdicts.size} files` };
  },
};

const stopping = {
  name: 'SIGTERM while a parser is at a hostile file',
  limitMs: LIMIT_MS,
  run: async () => {
    const { code, ms, mib, stopMs } = await scan([['frames.pkl', frames('straddled', 60_000_000)]], { stopAt: 40 });
    if (code !== 143 || stopMs === undefined) throw new Error(`the scan ended with ${code}`);
    within('milliseconds until it ended', stopMs, STOP_MS);
    return { ms, mib, verdict: `ended in ${stopMs.toFixed(0)} ms` };
  },
};

export const cases = [...alone, thousand, stopping];
