import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startFeed } from '../../../admission-webhook/src/snapshot-feed/open-feed.ts';
import type { SnapshotSource } from '../../../admission-webhook/src/snapshot-feed/source.ts';
import { NOW, signed, writer } from '../../snapshot/samples.ts';
import { tempFolder } from '../../support/temp.ts';
import { type Barrier, barrier, until } from '../../support/until.ts';

const REST_MS = 250;
const HOUR_MS = 3_600_000;
const NUDGES = 40;
const folder = tempFolder();

it('a feed fetches no more often than its rest time allows, however often the source notifies it', async () => {
  const key = join(folder, 'writer.pub');
  writeFileSync(key, writer.publicKey.export({ type: 'spki', format: 'pem' }));
  const body = await signed();
  const told: string[] = [];
  let nudge = () => {};
  const source: SnapshotSource = {
    from: 'here',
    fetch: async (_mark, path) => {
      told.push('asked');
      writeFileSync(path, body);
      return { kind: 'fetched', mark: null };
    },
    watch: (given) => {
      nudge = given;
    },
  };
  const rests: Barrier[] = [];
  const pauses: number[] = [];
  const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
    const aborted = signal.aborted ? Promise.resolve() : once(signal, 'abort');
    if (ms !== REST_MS) {
      pauses.push(ms);
      await aborted;
      return;
    }
    told.push('rests');
    const rest = barrier();
    rests.push(rest);
    await Promise.race([rest.opened, aborted]);
    told.push('rested');
  };
  const feed = await startFeed({
    source,
    key,
    tenant: null,
    state: null,
    floor: null,
    requireFloor: false,
    pollSeconds: HOUR_MS / 1000,
    now: () => NOW,
    wait,
  });
  const order = ['asked', 'rests'];
  for (let round = 1; round <= 3; round++) {
    for (let n = 0; n < NUDGES; n++) nudge();
    // A notification is delayed by the rest time alone.
    await yieldToEventLoop();
    expect(told).toEqual(order);
    rests.at(-1)?.open();
    order.push('rested', 'asked', 'rests');
    await until(`request ${round + 1}`, () => rests.length > round);
    expect(told).toEqual(order);
  }
  // Without a notification only the poll interval starts a fetch: after half an hour at least.
  rests.at(-1)?.open();
  await until('the poll interval', () => pauses.length > 3);
  await yieldToEventLoop();
  expect(told).toEqual([...order, 'rested']);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(HOUR_MS / 2);
  await feed.close();
});
