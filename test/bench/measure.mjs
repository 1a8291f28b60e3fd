// Runs commands and measures them: wall clock, CPU time, peak memory. The best of several runs counts.
import { spawnSync } from 'node:child_process';

/** GNU time tells the peak of a child's resident memory, which Node does not. */
const TIME = '/usr/bin/time';

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

const results = { met: 0, missed: 0, failed: 0 };
const leftOut = new Map();

/** Notes a figure against its goal; `atLeast` or `atMost`. */
export function claim(name, value, goal, detail) {
  const met = goal.atLeast === undefined ? value <= goal.atMost : value >= goal.atLeast;
  const bound = goal.atLeast === undefined ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`;
  results[met ? 'met' : 'missed']++;
  console.log(`${met ? 'met   ' : 'MISSED'}  ${name}: ${value.toPrecision(3)} (goal ${bound})  ${detail}`);
}

/** Notes a line that is not measured, because a part is missing on this machine. `how` says how to get the part. */
export function leaveOut(name, part, how) {
  console.log(`LEFT OUT  ${name}: needs ${part}`);
  leftOut.set(part, { how, names: [...(leftOut.get(part)?.names ?? []), name] });
}

/** Notes a section that broke off. The sections after it still run. */
export function fail(section, error) {
  results.failed++;
  console.log(`FAILED  ${section}: ${error instanceof Error ? error.message : error}`);
}

/** Prints the sum of the run. The exit code is 1 when a goal is missed or a section failed; a line left out fails nothing. */
export function finish() {
  const { met, missed, failed } = results;
  console.log(`\n${met} of ${met + missed} goals met${failed > 0 ? `, ${failed} sections failed` : ''}`);
  for (const [part, { how, names }] of leftOut) {
    console.log(`${names.length} lines left out for want of ${part} (${names.join('; ')}). To get it: ${how}`);
  }
  process.exitCode = missed + failed === 0 ? 0 : 1;
}
