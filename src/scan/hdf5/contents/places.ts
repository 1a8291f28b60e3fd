import { SliceSource } from '../../../core/bytes/index.ts';
import type { Hdf5Range } from '../../../formats/hdf5/index.ts';
import { isBlank } from '../../../formats/index.ts';
import { activeFormat, type ScanContext, type ScanTarget } from '../../scanner/index.ts';
import { HDF5_RULES } from '../rules.ts';

const RANGE_BYTES = 64;

/** Which bytes of a file belong to what: to its structures, to the elements of datasets, or to nothing. */
export class Places {
  readonly #target: ScanTarget;
  readonly #context: ScanContext;
  readonly #structures: Hdf5Range[] = [];
  readonly #elements: Hdf5Range[] = [];

  constructor(target: ScanTarget, context: ScanContext) {
    this.#target = target;
    this.#context = context;
  }

  /** A structure that was read. */
  read(start: number, end: number): void {
    const last = this.#structures.at(-1);
    if (last !== undefined && last.start <= start && end <= last.end) return;
    this.#context.budget.hold(RANGE_BYTES);
    this.#structures.push({ start, end });
    this.#context.cover(start, end, 'parsed');
  }

  /** The elements of a dataset. */
  elements({ start, end }: Hdf5Range): void {
    this.#context.budget.hold(RANGE_BYTES);
    this.#elements.push({ start, end });
    this.#context.cover(start, end, 'opaque', 'elements of a dataset: numbers and texts, which HDF5 only copies');
  }

  /** Overlaps, and the bytes that no part of the file claims. */
  async judgeRest(start: number, end: number): Promise<void> {
    const elements = sorted(this.#elements);
    const structures = merged(this.#structures);
    const overlap = overlapWithin(elements) ?? overlapOf(merged(elements), structures);
    if (overlap !== undefined)
      this.#context.report({
        rule: HDF5_RULES.overlap,
        subject: 'overlap',
        offset: overlap,
        message: `At byte ${overlap}, the elements of a dataset overlap another part of the file.`,
      });
    let at = start;
    for (const range of merged([...elements, ...structures])) {
      if (range.start > at) await this.#gap(at, Math.min(range.start, end));
      at = Math.max(at, range.end);
    }
    if (at < end) await this.#gap(at, end);
  }

  /** Free space: what was deleted or is kept in reserve. HDF5 does not clear it, so that it may hold anything. */
  async #gap(start: number, end: number): Promise<void> {
    const { source } = this.#target;
    this.#context.budget.work(64);
    if (await isBlank(source, start, end)) return this.#context.cover(start, end, 'parsed');
    const slice = new SliceSource(source, start, end - start, `${source.name} between its parts`);
    const format = await activeFormat(slice, this.#context);
    if (format === undefined)
      return this.#context.cover(start, end, 'opaque', 'free space of the HDF5 file: no reader of HDF5 reads it');
    this.#context.report({
      rule: HDF5_RULES.hidden,
      subject: format.id,
      offset: start,
      message: `${end - start} bytes at ${start} belong to no part of the HDF5 data, and are ${format.title}.`,
    });
    await this.#context.member(slice, `free-space-${start}`, { storedAt: start });
  }
}

function sorted(ranges: readonly Hdf5Range[]): readonly Hdf5Range[] {
  return [...ranges].sort((a, b) => a.start - b.start || a.end - b.end);
}

function merged(ranges: readonly Hdf5Range[]): readonly Hdf5Range[] {
  const found: { start: number; end: number }[] = [];
  for (const { start, end } of sorted(ranges)) {
    const last = found.at(-1);
    if (last === undefined || start > last.end) found.push({ start, end });
    else last.end = Math.max(last.end, end);
  }
  return found;
}

/** Where two of the ranges overlap. */
function overlapWithin(ranges: readonly Hdf5Range[]): number | undefined {
  let end = 0;
  for (const range of ranges) {
    if (range.start < end && range.end > range.start) return range.start;
    end = Math.max(end, range.end);
  }
  return undefined;
}

/** Where a range of one list overlaps one of the other; both are sorted, and none overlaps within its list. */
function overlapOf(left: readonly Hdf5Range[], right: readonly Hdf5Range[]): number | undefined {
  let i = 0;
  for (const range of left) {
    while (i < right.length && (right[i]?.end ?? 0) <= range.start) i++;
    const other = right[i];
    if (other !== undefined && other.start < range.end) return Math.max(other.start, range.start);
  }
  return undefined;
}
