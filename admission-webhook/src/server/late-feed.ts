import { setTimeout as sleep } from 'node:timers/promises';
import type { SnapshotFeed } from '../feed.ts';
import type { FeedHealth } from '../health.ts';

/**
 * A feed that may take long to open, because its source may be slow: after a moment the webhook continues without the feed and
 * reports that.
 * @throws what opening it throws within that moment
 */
export async function openLate(opening: Promise<SnapshotFeed>, from: string, waitMs: number): Promise<SnapshotFeed> {
  let feed: SnapshotFeed | undefined;
  let failed: string | null = null;
  const listeners: Parameters<SnapshotFeed['onChange']>[0][] = [];
  const opened = opening.then((one) => {
    feed = one;
    for (const listener of listeners) one.onChange(listener);
    const held = one.held();
    if (held.kind === 'held') for (const listener of listeners) listener(held);
  });
  await Promise.race([opened, sleep(waitMs, undefined, { ref: false })]);
  opened.catch((error: unknown) => {
    failed = error instanceof Error ? error.message : String(error);
  });
  return {
    held: () => feed?.held() ?? { kind: 'none', why: failed ?? 'the first one is being read' },
    health: (): FeedHealth => feed?.health() ?? { from, lastTried: null, lastGood: null, problem: failed, floor: 0 },
    onChange: (listener) => {
      if (feed === undefined) listeners.push(listener);
      else feed.onChange(listener);
    },
    async close() {
      await opened.catch(() => {});
      await feed?.close();
    },
  };
}
