import type { Static } from '../schema/index.ts';
import type { CoverageRangeSchema } from './schema/index.ts';

export type CoverageRange = Static<typeof CoverageRangeSchema>;
/** How a range of bytes was covered: `opaque` ranges were skipped on purpose. */
export type CoverageKind = CoverageRange['kind'];

/** The bytes of a file that were parsed, skipped on purpose, or not covered. Offsets are those of the file. */
export class Coverage {
  readonly #ranges: CoverageRange[] = [];

  /** Adjacent ranges of one kind are joined as they come, so a sequential parse costs one entry. */
  mark(start: number, end: number, kind: CoverageKind, why?: string): void {
    if (end <= start) return;
    const last = this.#ranges.at(-1);
    if (last !== undefined && last.kind === kind && last.why === why && start >= last.start && start <= last.end) {
      if (end > last.end) this.#ranges[this.#ranges.length - 1] = { ...last, end };
      return;
    }
    this.#ranges.push(why === undefined ? { start, end, kind } : { start, end, kind, why });
  }

  /** Sorted, and clipped so that none overlap: parsed ranges win over skipped ones. */
  ranges(): CoverageRange[] {
    const parsed = join(this.#ranges.filter((r) => r.kind === 'parsed'));
    const opaque = this.#ranges.filter((r) => r.kind === 'opaque').sort((a, b) => a.start - b.start);
    const merged = [...parsed];
    let at = 0;
    let next = 0;
    for (const range of opaque) {
      const start = Math.max(range.start, at);
      while ((parsed[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next++;
      for (const hole of gapsWithin(parsed, start, range.end, next)) merged.push({ ...range, ...hole });
      at = Math.max(at, range.end);
    }
    return merged.sort((a, b) => a.start - b.start);
  }

  /** The ranges of `[0, size)` that are not covered. */
  gaps(size: number): { start: number; end: number }[] {
    return gapsWithin(join(this.#ranges), 0, size);
  }
}

function join(ranges: readonly CoverageRange[]): CoverageRange[] {
  const joined: CoverageRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last !== undefined && range.start <= last.end) {
      if (range.end > last.end) joined[joined.length - 1] = { ...last, end: range.end };
    } else joined.push(range);
  }
  return joined;
}

/** `joined` is sorted and disjoint; its ranges before index `first` end before `start`. */
function gapsWithin(
  joined: readonly CoverageRange[],
  start: number,
  end: number,
  first = 0,
): { start: number; end: number }[] {
  const gaps: { start: number; end: number }[] = [];
  let at = start;
  for (let i = first; i < joined.length; i++) {
    const range = joined[i];
    if (range === undefined || range.start >= end) break;
    if (range.end <= at) continue;
    if (range.start > at) gaps.push({ start: at, end: range.start });
    at = range.end;
  }
  if (at < end) gaps.push({ start: at, end });
  return gaps;
}
