import { NPY_TABLE, NPZ_TABLE } from './arrays.ts';
import { CSV_TABLE } from './csv.ts';
import type { TableFormat } from './format.ts';
import { JSON_LINES_TABLE, JSON_TABLE } from './json.ts';
import { PARQUET_TABLE } from './parquet.ts';

/** Every kind of file that holds arrays. Adding one is a file here and a line. */
export const TABLE_FORMATS: readonly TableFormat[] = [
  NPY_TABLE,
  NPZ_TABLE,
  PARQUET_TABLE,
  CSV_TABLE,
  JSON_TABLE,
  JSON_LINES_TABLE,
];

export const TABLE_FORMAT_IDS: readonly string[] = TABLE_FORMATS.map(({ id }) => id);
