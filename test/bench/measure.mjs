// Runs commands and measures them: wall clock, CPU time, peak memory. The best of several runs counts.
import { spawnSync } from 'node:child_process';

/** GNU time tells the peak of a child's resident memory, which Node does not. */
const TIME = '/usr/bin/time';

export function hasTime() {
  return spawnSync(TIME, ['--version']).status === 0;
}

/** @returns {{ wallMs: number, cpuMs: number, rssMiB: number, stdout: string }} of the best of `runs`, by wall clock or CPU time */
export function measure(command, args, { runs = 5, by = 'wallMs', allowed = [0], cwd } = {}) {
  let best;
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    const run = spawnSync(TIME, ['-f', '@@%U %S %M', command, ...args], { cwd, maxBuffer: 1 << 28, encoding: 'utf8' });
    const wallMs = performance.now() - started;
    const [, user, system, kib] = /@@([\d.]+) ([\d.]+) (\d+)\s*$/.exec(run.stderr) ?? [];
    if (!allowed.includes(run.status) || kib === undefined)
      throw new Error(`${command} ${args.join(' ')} ended with ${run.status}: ${run.stderr}`);
    const one = {
      wallMs,
      cpuMs: (Number(user) + Number(system)) * 1000,
      rssMiB: Number(kib) / 1024,
      stdout: run.stdout,
    };
    if (best === undefined || one[by] < best[by]) best = one;
  }
  return best;
}

const results = [];

/** Notes a figure against its goal; `atLeast` or `atMost`. */
export function claim(name, value, goal, detail) {
  const met = goal.atLeast === undefined ? value <= goal.atMost : value >= goal.atLeast;
  const bound = goal.atLeast === undefined ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`;
  results.push(met);
  console.log(`${met ? 'met   ' : 'MISSED'}  ${name}: ${value.toPrecision(3)} (goal ${bound})  ${detail}`);
}

export function finish() {
  const missed = results.filter((met) => !met).length;
  console.log(`\n${results.length - missed} of ${results.length} goals met`);
  process.exitCode = missed === 0 ? 0 : 1;
}
