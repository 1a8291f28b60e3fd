import {
  type FoundReference,
  findReferences,
  isTooLong,
  referenceIdentity,
  tooLong,
} from '../../../src/references/index.ts';
import type { ChangedText } from '../change/index.ts';
import type { GitBlob, GitBlobs } from '../git/index.ts';

/** A reference, and the file that it stands in. */
export interface PlacedReference extends FoundReference {
  readonly file: string;
}

/**
 * What the change adds to what a file references: a line that only moved adds nothing, and a constant that changed elsewhere in the
 * file does.
 */
export async function introducedReferences(
  texts: readonly ChangedText[],
  blobs: GitBlobs,
): Promise<readonly PlacedReference[]> {
  const wanted = texts.filter(({ oid, beforeOid }) => oid !== beforeOid);
  const read = await blobs.read(
    wanted.flatMap(({ oid, beforeOid }) => [oid, ...(beforeOid === undefined ? [] : [beforeOid])]),
  );
  const found: PlacedReference[] = [];
  for (const { path, oid, beforeOid } of wanted) {
    const now = await referencesIn(path, read.get(oid));
    const before = await referencesIn(path, read.get(beforeOid ?? ''));
    found.push(...added(now, before).map((one) => ({ ...one, file: path })));
  }
  return found;
}

function added(now: readonly FoundReference[], before: readonly FoundReference[]): readonly FoundReference[] {
  const counts = new Map<string, number>();
  for (const one of before) counts.set(referenceIdentity(one), (counts.get(referenceIdentity(one)) ?? 0) + 1);
  return now.filter((one) => {
    const identity = referenceIdentity(one);
    const left = counts.get(identity) ?? 0;
    counts.set(identity, left - 1);
    return left <= 0;
  });
}

async function referencesIn(path: string, blob: GitBlob | undefined): Promise<readonly FoundReference[]> {
  if (blob === undefined) return [];
  if (isTooLong(path, blob.size)) return [tooLong(path)];
  const source = await blob.open();
  try {
    return findReferences(path, Buffer.from(await source.read(0, source.size)).toString('utf8'));
  } finally {
    await source.close();
  }
}
