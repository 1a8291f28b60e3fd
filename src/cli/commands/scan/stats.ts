import { receivedBytes } from '../../../egress/index.ts';
import { humanBytes } from '../../../report/index.ts';
import { wholeUse } from '../../../sandbox/index.ts';

/** What this run cost so far: of this process, its threads and the children that have ended. */
export function statsText(wallMs: number): string {
  const { cpuMs, peakBytes } = wholeUse();
  const rows = [
    ['time', `${(wallMs / 1000).toFixed(2)} s`],
    ['CPU time', `${(cpuMs / 1000).toFixed(2)} s`],
    ['peak memory', humanBytes(peakBytes)],
    ['received', humanBytes(receivedBytes())],
  ] as const;
  return rows.map(([name, value]) => `${name.padEnd(12)} ${value}\n`).join('');
}
