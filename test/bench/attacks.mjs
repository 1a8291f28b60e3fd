// Gradients beside the forward runs of the same model, and PGD beside torch.autograd, all on one core and in one run, by CPU time of the processes:
// other work on the machine counts less. Runs alone, too:
// npm run build, then node test/bench/attacks.mjs

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { claim, finish } from './measure.mjs';

const HERE = new URL('.', import.meta.url).pathname;
const ROWS = 2;
const STEPS = 20;
const EPS = 0.01;
const ROUNDS = 3;
/** Rows of a network of digits. */
const LOOPED = 25;
const SHAPE = [3, 224, 224];
const PATIENT = { sandboxWallMs: 3_600_000, sandboxCpuSeconds: 3_600 };

/** @param {{ data: string, dist: string }} where a folder to work in, and the built program */
export async function benchAttacks({ data, dist }) {
  const load = (path) => import(pathToFileURL(join(dist, path)).href);
  const { FileSource } = await load('core/bytes/index.js');
  const { readOnnx } = await load('formats/onnx/index.js');
  const { openOnnxTarget, pgd, seededRandoms } = await load('behavior/attacks/index.js');
  await benchLoop({ readOnnx, FileSource, openOnnxTarget, pgd, seededRandoms });
  const made = spawnSync('/usr/bin/python3', [join(HERE, 'attacks.py'), data], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (made.status !== 0) throw new Error(`torch failed: ${made.stderr}`);
  const peers = JSON.parse(made.stdout.trim().split('\n').at(-1));
  const inputs = new Float32Array(new Uint8Array(readFileSync(join(data, 'rows.f32'))).buffer);
  for (const [name, title] of [
    ['resnet18', 'ResNet-18'],
    ['vit', 'ViT-Ti/16'],
  ]) {
    const peerMs = peers[name];
    const { model } = await readOnnx(FileSource.open(join(data, `${name}.onnx`)));
    const batch = { inputs, classes: new Int32Array(ROWS) };
    const shared = { input: 'x', shape: SHAPE, output: 'y', scores: 'logits', bounds: PATIENT, runRows: ROWS };
    const begun = cpuMs();
    const target = await openOnnxTarget({ ...shared, model });
    try {
      const loss = 'cross-entropy';
      await target.gradientOf(loss);
      const openMs = cpuMs() - begun;
      const forwardMs = await best(() => target.forward(inputs));
      const gradientMs = await best(() => target.gradient({ ...batch, loss }));
      claim(
        `a gradient of ${title}, of the time of a forward run`,
        gradientMs / forwardMs,
        { atMost: 3 },
        `(${shown(gradientMs)} against ${shown(forwardMs)}; ${ROWS} rows of 224 x 224, one core)`,
      );
      const options = { eps: EPS, norm: 'linf', lower: 0, upper: 1, random: seededRandoms(1), start: 'row' };
      const walk = { ...options, loss, steps: STEPS, stepSize: EPS / 8 };
      let found;
      const pgdMs = await best(async () => {
        found = await pgd(target, batch, walk);
      }, 1);
      if (found.gradients.some((count) => count !== STEPS)) throw new Error('a row fell before the last step');
      claim(
        `PGD-${STEPS} on ${title}, of the time of torch.autograd`,
        pgdMs / peerMs,
        { atMost: 1.25 },
        `(${shown(pgdMs)} against ${shown(peerMs)}; ${found.unlooped === '' ? 'as a loop' : 'step by step'})`,
      );
      claim(
        `starting and deriving for ${title}, of the time of PGD-${STEPS} on 100 rows`,
        openMs / ((pgdMs * 100) / ROWS),
        { atMost: 0.1 },
        `(${shown(openMs)}, once for all rows)`,
      );
    } finally {
      await target.close();
    }
  }
}

/** A small network, of which the way to the process and back costs more than a step. */
async function benchLoop({ readOnnx, FileSource, openOnnxTarget, pgd, seededRandoms }) {
  const path = new URL('../../fixtures/behavior/ibp/cnn.onnx', import.meta.url).pathname;
  const { model } = await readOnnx(FileSource.open(path));
  const target = await openOnnxTarget({
    model,
    input: 'x',
    shape: [1, 8, 8],
    output: 'y',
    scores: 'logits',
    bounds: PATIENT,
  });
  try {
    const inputs = Float32Array.from({ length: LOOPED * 64 }, (_, at) => (1 + Math.sin(at)) / 2);
    const scores = await target.forward(inputs);
    const told = (row) => {
      const mine = [...scores.subarray(row * 10, row * 10 + 10)];
      return mine.indexOf(Math.max(...mine));
    };
    const batch = { inputs, classes: Int32Array.from({ length: LOOPED }, (_, row) => told(row)) };
    const walk = {
      eps: 0.02,
      norm: 'linf',
      lower: 0,
      upper: 1,
      random: seededRandoms(1),
      start: 'row',
      steps: STEPS,
      stepSize: 0.0025,
    };
    const looped = await pgd(target, batch, walk);
    if (looped.unlooped !== '') throw new Error(`no loop: ${looped.unlooped}`);
    const [loopMs, singleMs] = [
      await repeated(() => pgd(target, batch, walk)),
      await repeated(() => pgd(stepwise(target), batch, walk)),
    ];
    claim(
      `PGD-${STEPS} as a loop on a network of digits, of the time step by step`,
      loopMs / singleMs,
      { atMost: 1 },
      `(${shown(loopMs)} against ${shown(singleMs)}; ${LOOPED} rows of 8 x 8)`,
    );
  } finally {
    await target.close();
  }
}

/** The wall clock of a short attack, the least of many: a tick of CPU time is longer. */
async function repeated(run) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10 * ROUNDS; round++) {
    const begun = performance.now();
    await run();
    least = Math.min(least, performance.now() - begun);
  }
  return least;
}

/** The same target without its loop. */
function stepwise(target) {
  const { width, classes } = target;
  return { width, classes, forward: (rows) => target.forward(rows), gradient: (request) => target.gradient(request) };
}

const shown = (ms) => `${ms.toFixed(0)} ms`;

/** The CPU time of a run, the least of some, in milliseconds: that of this process and of its children. */
async function best(run, rounds = ROUNDS) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const begun = cpuMs();
    await run();
    least = Math.min(least, cpuMs() - begun);
  }
  return least;
}

const TICK_MS = 10;

function cpuMs() {
  const { user, system } = process.cpuUsage();
  const known = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /, '')
        .split(' ');
      const [own, ended] = [Number(fields[11]) + Number(fields[12]), Number(fields[13]) + Number(fields[14])];
      known.set(Number(pid), { parent: Number(fields[1]), own, ended });
    } catch {
      // It ended while the list was read.
    }
  }
  const isOurs = (pid) => {
    for (let at = known.get(pid)?.parent; at !== undefined && at > 1; at = known.get(at)?.parent)
      if (at === process.pid) return true;
    return false;
  };
  // What children took that have ended is told of who waited for them.
  const ticks = [...known].reduce(
    (sum, [pid, { own, ended }]) => sum + (isOurs(pid) ? own + ended : pid === process.pid ? ended : 0),
    0,
  );
  return (user + system) / 1000 + TICK_MS * ticks;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const data = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    await benchAttacks({ data, dist: new URL('../../dist/src', import.meta.url).pathname });
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
  finish();
}
