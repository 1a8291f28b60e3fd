// A checkpoint of 1 GiB to safetensors, beside dd and beside Python's torch.load with save_file. Runs alone, too: npm run build,
// then node test/bench/convert.mjs

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { claim, finish, leaveOut, measure } from './measure.mjs';
import { hasPart, PARTS } from './parts.mjs';

const ROOT = new URL('../..', import.meta.url).pathname;
const PACKAGES = join(ROOT, '.venv/lib/python3.11/site-packages');
const RUNS = 3;
const TENSORS = 64;

const MAKE = `
import sys, torch
torch.save({f"layer.{i}.weight": torch.full((1024, 4096), float(i)) for i in range(${TENSORS})}, sys.argv[1])
`;
const PEER = `
import sys, torch
from safetensors.torch import save_file
save_file(torch.load(sys.argv[1]), sys.argv[2])
`;
/** The conversion alone: reading the checkpoint and writing its tensors. */
const STEP = `
const { FileSource } = await import(process.argv[1] + '/core/bytes/index.js');
const { AsyncDisposableStack, DEFAULT_LIMITS } = await import(process.argv[1] + '/core/index.js');
const { planConversion, writePlan } = await import(process.argv[1] + '/convert/index.js');
const files = [{ path: 'big.pt', source: FileSource.open(process.argv[2]), salvage: false }];
const resources = new AsyncDisposableStack();
const plan = await planConversion('safetensors', files, { limits: DEFAULT_LIMITS, signal: undefined, resources });
await writePlan(plan, process.argv[3], { signal: undefined });
`;

/** @param {{ data: string, dist: string }} where a folder to work in, and the built program */
export function benchConvert({ data, dist }) {
  const source = join(data, 'checkpoint.pt');
  if (!existsSync(source) && spawnSync('/usr/bin/python3', ['-c', MAKE, source], { stdio: 'inherit' }).status !== 0)
    throw new Error('torch.save failed');
  const out = join(data, 'converted');
  const fresh = () => {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
  };
  const best = (command, args) => {
    let least;
    for (let run = 0; run < RUNS; run++) {
      fresh();
      const one = measure(command, args, { runs: 1 });
      if (least === undefined || one.wallMs < least.wallMs) least = one;
    }
    return least;
  };
  const dd = best('dd', [`if=${source}`, `of=${join(out, 'copy')}`, 'bs=1M']);
  const step = best(process.execPath, ['--input-type=module', '-e', STEP, pathToFileURL(dist).href, source, out]);
  const whole = best(process.execPath, [
    join(dist, 'cli/main.js'),
    ...['convert', source, '--to', 'safetensors', '-o', join(out, 'whole'), '-q'],
  ]);
  const times = `(dd ${dd.wallMs.toFixed(0)} ms, conversion ${step.wallMs.toFixed(0)} ms, with both scans ${whole.wallMs.toFixed(0)} ms)`;
  claim('checkpoint of 1 GiB to safetensors, of the speed of dd', dd.wallMs / step.wallMs, { atLeast: 0.7 }, times);
  claim('checkpoint of 1 GiB to safetensors, MiB', step.rssMiB, { atMost: 200 }, '');
  claim('the same with both scans, MiB', whole.rssMiB, { atMost: 300 }, '');
  if (!existsSync(join(PACKAGES, 'safetensors'))) {
    leaveOut('torch.load and save_file', 'safetensors', 'python3 -m venv .venv && .venv/bin/pip install safetensors');
    return;
  }
  const packages = mkdtempSync(join(tmpdir(), 'assay-bench-packages-'));
  symlinkSync(join(PACKAGES, 'safetensors'), join(packages, 'safetensors'));
  const env = `PYTHONPATH=${packages}`;
  const peer = best('env', [env, '/usr/bin/python3', '-c', PEER, source, join(out, 'peer.safetensors')]);
  rmSync(packages, { recursive: true });
  const beside = `(Python ${peer.wallMs.toFixed(0)} ms, ${peer.rssMiB.toFixed(0)} MiB; assay ${whole.wallMs.toFixed(0)} ms, ${whole.rssMiB.toFixed(0)} MiB, both scans included)`;
  claim(
    'the whole command, of the time of torch.load and save_file',
    whole.wallMs / peer.wallMs,
    { atMost: 1.25 },
    beside,
  );
  fresh();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const data = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    if (hasPart('torch')) benchConvert({ data, dist: join(ROOT, 'dist/src') });
    else leaveOut('all of convert', PARTS.torch.title, PARTS.torch.how);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
  finish();
}
