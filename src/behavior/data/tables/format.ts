import type { PlainArray } from '../../../formats/arrays/index.ts';
import type { DataFile } from '../files.ts';
import type { DataContext } from '../options.ts';

/** How the cells of a column of text are read, where the suite says so. */
export const COLUMN_TYPES = ['text', 'number', 'integer'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

export interface TableRequest {
  /** The columns that are wanted; all when absent. A reader may give others as well. */
  readonly columns: readonly string[] | undefined;
  readonly types: ReadonlyMap<string, ColumnType>;
}

/** Arrays by name: the columns of a table, or the arrays of a file. */
export type NamedArrays = ReadonlyMap<string, PlainArray>;

/** A kind of file that holds arrays, and how it is read. */
export interface TableFormat {
  readonly id: string;
  /** Without the dot, in lower case: what a file without a known head is taken for. */
  readonly extensions: readonly string[];
  /** Whether these first bytes are those of such a file, whatever its name. */
  readonly identify?: (head: Uint8Array) => boolean;
  /** @throws AssayError with a content code, naming the column and the row */
  readonly read: (file: DataFile, request: TableRequest, context: DataContext) => Promise<NamedArrays>;
}
