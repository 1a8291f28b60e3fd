import type { FoundTrigger } from './search.ts';

/** Fewer classes have no median that says what is usual. */
export const FEWEST_CLASSES = 4;

/** How small the smallest trigger is, beside those of the other classes. */
export interface SmallestTrigger {
  readonly found: FoundTrigger;
  /** Its size over the median of those of all classes; 1 when all are alike. */
  readonly ratio: number;
}

/** @returns undefined where no trigger was found for half of the classes, or they are too few */
export function smallestOf(found: readonly FoundTrigger[]): SmallestTrigger | undefined {
  const sizes = found.map(sizeOf).sort((a, b) => a - b);
  const least = found.reduce<FoundTrigger | undefined>(
    (best, one) => (best === undefined || sizeOf(one) < sizeOf(best) ? one : best),
    undefined,
  );
  if (least?.trigger === undefined || found.length < FEWEST_CLASSES) return undefined;
  const middle = sizes.length / 2;
  const [low = 0, high = 0] = [sizes[Math.ceil(middle) - 1], sizes[Math.floor(middle)]];
  const median = (low + high) / 2;
  return Number.isFinite(median) ? { found: least, ratio: median === 0 ? 1 : least.trigger.size / median } : undefined;
}

/** A class without a trigger needs more than any other. */
function sizeOf({ trigger }: FoundTrigger): number {
  return trigger?.size ?? Number.POSITIVE_INFINITY;
}
