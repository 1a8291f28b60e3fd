import type { WorkloadImage } from '../../../src/workload/index.ts';
import type { PatchOperation } from '../patch.ts';
import type { SnapshotIndex } from '../state.ts';
import { valueAt } from './apply.ts';

export interface PinnedImages {
  readonly patch: readonly PatchOperation[];
  /** What was done, in sentences. */
  readonly warnings: readonly string[];
}

/** Images of one object that are pinned. */
const MAX_IMAGES = 64;

/**
 * Writes the approved digest behind the tag of each image whose tag named exactly one approved image when that was approved. No tag is
 * resolved: what the tag names now is never asked.
 * @param taken places that are changed already
 */
export function pinImages(
  object: unknown,
  images: readonly WorkloadImage[],
  { index, now, taken }: { readonly index: SnapshotIndex; readonly now: Date; readonly taken: ReadonlySet<string> },
): PinnedImages {
  const patch: PatchOperation[] = [];
  const warnings: string[] = [];
  for (const { reference, pinned, where } of images.slice(0, MAX_IMAGES)) {
    const text = valueAt(object, where);
    if (pinned || taken.has(where) || typeof text !== 'string' || text.includes('@')) continue;
    const named = /:[^/]*$/.test(reference.slice('oci://'.length).replace(/^[^/]*/, ''))
      ? reference
      : `${reference}:latest`;
    const digest = index.imageNamed(named, now);
    if (digest === undefined) continue;
    patch.push({ op: 'replace', path: where, value: `${text}@${digest}` });
    warnings.push(`the image ${text} is now the approved ${text}@${digest}`);
  }
  return { patch, warnings };
}
