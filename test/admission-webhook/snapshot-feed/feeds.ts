import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { SnapshotFeed } from '../../../admission-webhook/src/feed.ts';
import {
  openSnapshotFeed,
  type SnapshotFeedOptions,
} from '../../../admission-webhook/src/snapshot-feed/open-snapshot-feed.ts';
import { NOW, writer } from '../../snapshot/samples.ts';

const open: SnapshotFeed[] = [];

/** The feeds of one test, which are closed after it. */
export function closeFeeds(): void {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((feed) => feed.close()));
  });
}

/** A feed that trusts the writer of the samples, at the time of the samples. */
export async function feedOf(
  folder: string,
  from: string,
  more: Partial<SnapshotFeedOptions> = {},
): Promise<SnapshotFeed> {
  mkdirSync(folder, { recursive: true });
  const key = join(folder, 'writer.pub');
  writeFileSync(key, writer.publicKey.export({ type: 'spki', format: 'pem' }));
  const feed = await openSnapshotFeed({
    from,
    key,
    tenant: null,
    tokenFile: null,
    state: null,
    floor: null,
    pollSeconds: 1,
    kube: null,
    env: {},
    now: () => NOW,
    ...more,
  });
  open.push(feed);
  return feed;
}

export function versionOf(feed: SnapshotFeed): number | undefined {
  const held = feed.held();
  return held.kind === 'held' ? held.index.meta.version : undefined;
}
