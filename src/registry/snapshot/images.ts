import type { SnapshotDocument } from '../../snapshot/index.ts';
import type { ApprovedImage } from '../api/index.ts';
import type { Principal } from '../records.ts';
import type { Registry } from '../registry.ts';
import type { BelievedImage, Believer } from './believe.ts';
import type { History } from './history.ts';
import type { Omission } from './judge.ts';

export type SnapshotImages = SnapshotDocument['images'];

export interface HeldImages {
  readonly images: SnapshotImages;
  readonly omitted: readonly Omission[];
}

const PAGE = 200;

/**
 * The images that are approved by signature and by log, independent of what the rows of the database say; of several approvals of one
 * image, the last one counts.
 */
export async function heldImages(
  registry: Registry,
  by: Principal,
  { believer, history, now }: { readonly believer: Believer; readonly history: History; readonly now: Date },
): Promise<HeldImages> {
  if (!history.tellsOfImages) return { images: [], omitted: [] };
  const newest = new Map<string, { readonly seq: number; readonly believed: BelievedImage }>();
  const omitted: Omission[] = [];
  for await (const approval of allApprovals(registry, by)) {
    const { digest } = approval;
    const believed = await believer.believeImage(approval, now);
    const told = typeof believed === 'string' ? undefined : history.image(believed.statement);
    if (told?.kind === 'revoked') continue;
    if (typeof believed === 'string' || told === undefined) {
      const why = typeof believed === 'string' ? believed : 'the audit log does not record it';
      omitted.push({ version: digest, what: 'approval', why });
      continue;
    }
    if (told.seq > (newest.get(digest)?.seq ?? 0)) newest.set(digest, { seq: told.seq, believed });
  }
  return { images: [...newest].map(([digest, { believed }]) => imageOf(digest, believed)), omitted };
}

function imageOf(digest: string, { predicate }: BelievedImage): SnapshotImages[number] {
  const { image, tag, as, facts, expires = null } = predicate;
  const name = tag === undefined ? null : `${image.slice(0, image.lastIndexOf('@'))}:${tag}`;
  const { entrypoint, cmd, env, workingDir, volumes } = facts;
  return { digest, notAfter: expires, as, name, facts: { entrypoint, cmd, env, workingDir, volumes } };
}

async function* allApprovals(registry: Registry, by: Principal): AsyncGenerator<ApprovedImage> {
  for (let after: string | undefined; ; ) {
    const page = await registry.imageApprovals(by, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page.items;
    if (page.next === null) return;
    after = page.next;
  }
}

/** What the writer was told by its operator says how an image may run; what was recorded of it stays. */
export function mergedImages(recorded: SnapshotImages, told: SnapshotImages): SnapshotImages {
  const merged = new Map(recorded.map((image) => [image.digest, image]));
  for (const image of told)
    merged.set(image.digest, { ...merged.get(image.digest), ...image, as: image.as ?? 'program' });
  return [...merged.values()];
}
