import type { FileSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';

export type RowsFormat = 'parquet' | 'csv' | 'tsv' | 'jsonl' | 'json' | 'arrow';

const EXTENSIONS: ReadonlyMap<string, RowsFormat> = new Map([
  ['parquet', 'parquet'],
  ['pq', 'parquet'],
  ['csv', 'csv'],
  ['tsv', 'tsv'],
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['json', 'json'],
  ['arrow', 'arrow'],
  ['arrows', 'arrow'],
  ['feather', 'arrow'],
  ['ipc', 'arrow'],
]);
const PARQUET = 'PAR1';
/** Bytes of one line of CSV, or of one object of JSON. */
export const MAX_LINE = 16 * 1024 * 1024;
/** Bytes that are read at a time: at least two lines. */
const BUFFER = 2 * MAX_LINE;
/** Rows from which the types of columns are told; of a smaller file, all. */
const SAMPLE = 200_000;

/** The format that the name of a file tells; `undefined` for another. */
export function tableFormat(path: string): RowsFormat | undefined {
  const extension = /\.([a-z]+)(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  return EXTENSIONS.get(extension ?? '');
}

/** @throws AssayError `unsupported` for another format; `malformed` for a file that is not what its name says */
export async function checkedFormat(path: string, source: FileSource): Promise<RowsFormat> {
  const head = Buffer.from(await source.read(0, Math.min(4, source.size))).toString('latin1');
  const format = tableFormat(path);
  if (format === 'arrow' && /\.gz$/i.test(path))
    throw new AssayError('unsupported', 'is a compressed Arrow file', { subject: path, hint: 'decompress it' });
  if (format === undefined)
    throw new AssayError('unsupported', 'is not of a format that is read', {
      subject: path,
      hint: 'give .parquet, .arrow, .feather, .csv, .tsv, .jsonl or .json (.gz of the last four), or a folder of such files, of texts or of images',
    });
  if ((head === PARQUET) !== (format === 'parquet')) {
    const what = format === 'parquet' ? 'does not start as a Parquet file does' : 'starts as a Parquet file does';
    throw new AssayError('malformed', what, { subject: path, hint: 'name it after its format' });
  }
  return format;
}

/** The name under which the engine finds a file: its extension says whether it is compressed. */
export function inputName(index: number, format: RowsFormat, path: string): string {
  return `input-${index}.${format}${/\.gz$/i.test(path) ? '.gz' : ''}`;
}

/** The table function that reads a file. Names are those of `inputName`, never paths. */
export function tableFunction(name: string, format: RowsFormat, size: number, loose: boolean): string {
  const sample = size < 64 * 1024 * 1024 && !name.endsWith('.gz') ? -1 : SAMPLE;
  const lines = `sample_size = ${sample}, ignore_errors = false`;
  switch (format) {
    case 'parquet':
      return `read_parquet('${name}', hive_partitioning = false)`;
    case 'csv':
    case 'tsv': {
      const types = loose ? ', all_varchar = true' : '';
      return `read_csv('${name}', header = true, ${formOf(format)}, ${lines}${types}, hive_partitioning = false)`;
    }
    case 'arrow':
      throw new AssayError('internal', 'the engine has no reader of Arrow');
    case 'jsonl':
    case 'json': {
      const shape = format === 'json' ? 'array' : 'newline_delimited';
      return `read_json('${name}', format = '${shape}', records = true, maximum_object_size = ${MAX_LINE}, maximum_depth = 4, ${lines}, hive_partitioning = false)`;
    }
  }
}

/** The first line of a file of CSV, as cells. */
export function headerOf(name: string, format: 'csv' | 'tsv'): string {
  return `read_csv('${name}', header = false, all_varchar = true, ${formOf(format)}, hive_partitioning = false)`;
}

/** Nothing of the form is guessed: another reader would guess otherwise, and see other rows. */
function formOf(format: 'csv' | 'tsv'): string {
  const separator = format === 'tsv' ? '\\t' : ',';
  return `delim = '${separator}', quote = '"', escape = '"', comment = '', skip = 0, nullstr = '', strict_mode = true, max_line_size = ${MAX_LINE}, buffer_size = ${BUFFER}`;
}
