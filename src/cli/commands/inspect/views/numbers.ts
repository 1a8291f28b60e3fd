import { DEFAULT_LIMITS } from '../../../../core/index.ts';
import { type Literal, readNpyHeader } from '../../../../formats/npy/index.ts';
import { readArrow, readArrowStream, readParquet, type TableMetadata } from '../../../../formats/tables/index.ts';
import { count, humanBytes } from '../../../../report/index.ts';
import type { FormatView, Listing } from './listing.ts';

/** A NumPy array: its type and its shape. */
export const showNpy: FormatView = async (source, listing) => {
  const { shape, descr, fortran, dataStart, object } = await readNpyHeader(source);
  const type = typeof descr === 'string' ? descr : literalText(descr);
  listing.line(
    `type ${type}`,
    `shape [${shape.join(', ')}]`,
    ...(fortran ? ['columns first'] : []),
    object ? 'objects, as a pickle' : humanBytes(source.size - dataStart),
  );
};

function literalText(value: Literal): string {
  if (Array.isArray(value)) return `[${value.map(literalText).join(', ')}]`;
  if (value instanceof Map) return `{${[...value].map(([key, one]) => `${key}: ${literalText(one)}`).join(', ')}}`;
  return String(value);
}

export const showParquet: FormatView = async (source, listing, budget) => {
  const { columns, rows, groups, metadata } = await readParquet(source, budget, DEFAULT_LIMITS.maxHeaderBytes);
  listing.line(count(columns, 'column'), count(rows, 'row'), count(groups, 'row group'));
  listMetadata(metadata, listing);
};

export const showArrow: FormatView = async (source, listing, budget) => {
  const { fields, blocks, metadata } = await readArrow(source, budget, DEFAULT_LIMITS.maxHeaderBytes);
  listing.line(count(fields, 'column'), count(blocks.length, 'batch', 'batches'));
  listMetadata(metadata, listing);
};

export const showArrowStream: FormatView = async (source, listing, budget) => {
  const { fields, metadata } = await readArrowStream(source, budget, DEFAULT_LIMITS.maxHeaderBytes);
  listing.line(count(fields, 'column'));
  listMetadata(metadata, listing);
};

function listMetadata(metadata: readonly TableMetadata[], listing: Listing): void {
  listing.list(
    'metadata',
    metadata.map(({ key, value }) => `${key}: ${Buffer.from(value.subarray(0, SHOWN)).toString('utf8')}`),
  );
}

/** Bytes of one value. */
const SHOWN = 200;
