import { rmSync, statSync, writeFileSync } from 'node:fs';
import { until } from './until.ts';

/** File systems record times in ticks of some milliseconds: two changes within one tick have the same time. */
export async function untilTimesMove(path: string): Promise<void> {
  const probe = `${path}.time`;
  await until('the time of files moves on', () => {
    writeFileSync(probe, '');
    return statSync(probe).ctimeMs > statSync(path).ctimeMs;
  });
  rmSync(probe);
}
