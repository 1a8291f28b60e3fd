import { resolve } from 'node:path';
import { AssayError } from '../../core/index.ts';

interface SparkPart {
  /** As reports name it. */
  readonly path: string;
  readonly format: string;
  readonly place: string;
}

/** Characters of a path that mean nothing else to Spark: no pattern, no partition of a table, no end of a quote. */
const PATH = /^[\p{L}\p{N} _.,@+/-]+$/u;
/** Spark passes over files with such names. */
const HIDDEN = /\/[_.][^/]*$/;

/** @throws AssayError `unsupported` for a file that Spark does not read as it is */
export function checkSparkPart({ path, format, place }: SparkPart): void {
  if (format !== 'parquet')
    throw new AssayError('unsupported', 'is not Parquet, which is what Spark reads by the numbers of its rows', {
      subject: path,
      hint: 'write it as Parquet, or leave out --engine spark',
    });
  const whole = resolve(place);
  if (PATH.test(whole) && !HIDDEN.test(whole) && !whole.includes('--')) return;
  throw new AssayError('unsupported', 'has a path that Spark does not take as it is', {
    subject: whole,
    hint: 'use letters, digits, spaces and _ . , @ + - in it, and a name that begins with a letter or a digit',
  });
}

/** A file as a table. */
export function sparkTable(place: string): string {
  return `parquet.\`file://${resolve(place)}\``;
}
