import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ProcessMeter } from '../../src/sandbox/process-meter.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const MIB = 2 ** 20;
/** Does what it is told, and answers when it is done: burns CPU time, by itself or by a child, or fills memory. */
const PROGRAM = `
const { execFileSync } = require('node:child_process');
const used = () => { const { userCPUTime, systemCPUTime } = process.resourceUsage(); return (userCPUTime + systemCPUTime) / 1000; };
const burn = (ms) => { for (const until = used() + ms; used() < until; ) Math.sqrt(2); };
if (process.argv[2] === 'burn') burn(300);
process.on('message', (what) => {
  if (what === 'burn') burn(300);
  if (what === 'child') execFileSync(process.execPath, [__filename, 'burn']);
  if (what === 'fill') Buffer.alloc(200 * ${MIB}, 1);
  process.send({ cpuMs: used(), maxRssBytes: 0 });
});
`;
const program = join(tempFolder(), 'program.cjs');
writeFileSync(program, PROGRAM);
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function started() {
  const child = fork(program, { execArgv: [] });
  children.push(child);
  let looks = 0;
  const meter = new ProcessMeter(child.pid ?? 0, () => {
    looks++;
  });
  const does = (what: string) =>
    new Promise<{ readonly cpuMs: number; readonly maxRssBytes: number }>((resolve) => {
      child.once('message', (said) => resolve(said as { cpuMs: number; maxRssBytes: number }));
      child.send(what);
    });
  return { child, meter, does, looks: () => looks };
}

it('the meter counts the CPU time of a process and of its children, each piece of work for itself', async () => {
  const { meter, does } = started();
  meter.start();
  await does('burn');
  const first = meter.end(false);
  expect(first.cpuMs).toBeGreaterThanOrEqual(280);
  meter.start();
  await does('child');
  const second = meter.end(false);
  expect(second.cpuMs).toBeGreaterThanOrEqual(280);
  meter.start();
  await does('nothing');
  expect(meter.end(false).cpuMs).toBeLessThan(280);
});

it('the meter knows the highest memory of each piece of work', async () => {
  const { meter, does } = started();
  meter.start();
  await does('fill');
  expect(meter.end(false).peakBytes).toBeGreaterThan(200 * MIB);
});

it('the meter believes a process that agrees with the kernel, and no other', async () => {
  const { meter, does } = started();
  meter.start();
  const said = await does('burn');
  meter.hear(said);
  expect(Math.abs((meter.end(false).cpuMs ?? 0) - said.cpuMs)).toBeLessThanOrEqual(40);
  meter.start();
  for (const lie of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e12, 'much' as unknown as number])
    meter.hear({ cpuMs: lie, maxRssBytes: 0 });
  await does('nothing');
  expect(meter.end(false).cpuMs).toBeLessThan(280);
});

it('of a process that was killed the meter knows what it saw last, and nothing when it saw nothing', async () => {
  const { child, meter, does, looks } = started();
  meter.start();
  await does('burn');
  const seen = looks();
  await until('the meter looks again', () => looks() > seen);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  expect(meter.end(true).cpuMs).toBeGreaterThanOrEqual(280);
  const other = started();
  other.meter.start();
  expect(other.meter.end(true)).toEqual({ cpuMs: null, peakBytes: null });
});
