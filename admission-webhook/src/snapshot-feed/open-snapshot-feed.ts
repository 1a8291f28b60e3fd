import { AssayError } from '../../../src/core/index.ts';
import type { SnapshotFeed } from '../feed.ts';
import type { KubeClient } from '../kube/index.ts';
import { ConfigMapSource } from './config-map-source.ts';
import { FileFeedSource } from './file-source.ts';
import { OciSource } from './oci-source.ts';
import { startFeed } from './open-feed.ts';
import { parseConfigMapPlace, parseSnapshotPlace, type SnapshotPlace } from './place.ts';
import { ServiceSource } from './service-source.ts';
import type { SnapshotSource } from './source.ts';

export interface SnapshotFeedOptions {
  /** A path, `https://` of a service, `configmap://namespace/name[/key]`, or `oci://registry/repository:tag` or `@digest`. */
  readonly from: string;
  /** File: the public key of who signs it, or a trust file. */
  readonly key: string;
  /** Whose decisions; `null`: any that the key signs. */
  readonly tenant: string | null;
  /** File that holds the token which a service asks for. */
  readonly tokenFile: string | null;
  /** Folder that keeps the last good one over a restart. */
  readonly state: string | null;
  /** `configmap://namespace/name`: keeps the version below which none is taken, over a restart and for all replicas. */
  readonly floor: string | null;
  readonly requireFloor?: boolean;
  readonly pollSeconds: number;
  /** Of the cluster whose ConfigMaps are meant; `null`: there is none. */
  readonly kube: KubeClient | null;
  readonly env: NodeJS.ProcessEnv;
  readonly now?: () => Date;
}

/**
 * Keeps the newest snapshot of a place that is believed.
 * @throws AssayError `usage` for a place that is none, or a folder that cannot be used; `unreadable` for a floor that is required
 */
export async function openSnapshotFeed(options: SnapshotFeedOptions): Promise<SnapshotFeed> {
  const { key, tenant, state, floor, requireFloor = false, pollSeconds, now } = options;
  const shared = floor === null ? null : { kube: clusterFor(floor, options), place: parseConfigMapPlace(floor) };
  const source = sourceOf(parseSnapshotPlace(options.from), options);
  const clock = now === undefined ? {} : { now };
  return startFeed({ source, key, tenant, state, floor: shared, requireFloor, pollSeconds, ...clock });
}

function sourceOf(place: SnapshotPlace, options: SnapshotFeedOptions): SnapshotSource {
  switch (place.kind) {
    case 'file':
      return new FileFeedSource(place.path, options.pollSeconds * 1000);
    case 'service':
      return new ServiceSource({ url: place.url, tokenFile: options.tokenFile });
    case 'config-map':
      return new ConfigMapSource(clusterFor(options.from, options), place.place, place.key);
    case 'oci':
      return new OciSource(place.reference, options.env);
  }
}

function clusterFor(subject: string, { kube }: SnapshotFeedOptions): KubeClient {
  if (kube !== null) return kube;
  throw new AssayError('usage', 'no cluster is configured', {
    subject,
    hint: 'run in a cluster, or give --kubeconfig',
  });
}
