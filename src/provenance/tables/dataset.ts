import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssayError, type OnEvent, quotedName } from '../../core/index.ts';
import type { ArrowColumn } from '../../formats/arrow-rows/index.ts';
import { type DataLimits, type Engine, openEngine, openSpark, type SparkChoice } from '../engine/index.ts';
import { arrowTable, writeArrowRows } from './arrow-file.ts';
import { type ChosenColumns, type ColumnChoice, chooseColumns, type TableColumn } from './columns.ts';
import { headerOf, inputName, type RowsFormat, tableFunction } from './format.ts';
import { type DataInput, type DatasetChoice, datasetNamesOf, findInputs, openTable } from './input.ts';
import { writeRows } from './rows-file.ts';
import { selectOf } from './select.ts';
import { checkSparkPart, sparkTable } from './spark-table.ts';

/** A file of the data, as reports name it. */
export interface DatasetFile {
  readonly path: string;
  readonly split: string;
  readonly format: RowsFormat | 'texts' | 'images';
  readonly bytes: number;
  /** 64 hex digits; of a folder, over the path, the size and the digest of each file. */
  readonly sha256: string;
}

/** A data set that was read once, into the table `samples` of an engine. */
export interface TrainingData {
  readonly engine: Engine;
  readonly files: readonly DatasetFile[];
  readonly columns: ChosenColumns;
  readonly rows: number;
  readonly splits: readonly { readonly name: string; readonly rows: number }[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
  /** The files of the rows of a folder of images. */
  readonly images: readonly DataInput[];
  close(): Promise<void>;
}

export interface DatasetOptions {
  readonly choice: ColumnChoice;
  readonly limits: DataLimits;
  /** Runs the statements on Spark: DuckDB only says which columns there are. */
  readonly spark?: SparkChoice | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
  /** From 0 to 100, of the statement that runs. */
  readonly onProgress?: ((percentage: number) => void) | undefined;
}

/** A table to read: where it is, and what it was made of. */
interface Part extends DatasetFile {
  readonly place: string;
  /** Of an Arrow file, whose rows are written to `place`. */
  readonly arrow?: readonly ArrowColumn[];
  /** @throws AssayError `changed` when its bytes are others now */
  readonly finish: () => Promise<void>;
}

interface Prepared {
  readonly parts: readonly Part[];
  readonly notes: readonly string[];
  readonly choice: ColumnChoice;
  readonly images: readonly DataInput[];
}

/**
 * Reads a data set into an engine of its own.
 * @param datasets tables, or folders of tables, of texts or of images
 * @throws AssayError `usage` for a missing column or tables that do not fit together; `not-found`, `unreadable`, `unsupported`,
 *   `malformed`, `limit`, `changed`, `sandbox`, `aborted`
 */
export async function openDataset(datasets: readonly DatasetChoice[], options: DatasetOptions): Promise<TrainingData> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-rows-'));
  const clean = () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  const engines: Engine[] = [];
  try {
    const prepared = await prepare(datasets, folder, options);
    const names = prepared.parts.map((part, i) => inputName(i, formatOf(part.format), fileNameOf(part)));
    const { limits, signal, spark } = options;
    if (spark !== undefined) for (const part of prepared.parts) checkSparkPart(part);
    const reading = await openEngine({
      files: new Map(prepared.parts.map(({ place }, i) => [names[i] ?? '', place])),
      limits,
      temporary: folder,
      signal,
      onProgress: (percentage) => options.onProgress?.(percentage),
    });
    engines.push(reading);
    const engine = spark === undefined ? reading : await openSpark({ ...spark, limits, temporary: folder, signal });
    engines.push(engine);
    const loaded = await load({ reading, engine }, prepared, names, options);
    return {
      engine,
      ...loaded,
      files: prepared.parts.map(({ path, split, format, bytes, sha256 }) => ({ path, split, format, bytes, sha256 })),
      notes: [...prepared.notes, ...loaded.notes],
      images: prepared.images,
      close: async () => {
        for (const one of engines) await one.close();
        await clean();
      },
    };
  } catch (error) {
    for (const one of engines) await one.close();
    await clean();
    throw error;
  }
}

/** Whose ending says whether it is compressed: rows that are written here never are. */
function fileNameOf({ format, path, place }: Part): string {
  return format === 'texts' || format === 'images' || format === 'arrow' ? place : path;
}

function formatOf(format: DatasetFile['format']): RowsFormat {
  return format === 'texts' || format === 'images' || format === 'arrow' ? 'jsonl' : format;
}

async function prepare(datasets: readonly DatasetChoice[], folder: string, options: DatasetOptions): Promise<Prepared> {
  const { signal, choice, onEvent } = options;
  const inputs = await findInputs(datasets, signal);
  const notes = inputs.passedOver === 0 ? [] : [`${inputs.passedOver} other files of the folder were passed over`];
  if (inputs.kind === 'tables') {
    const parts: Part[] = [];
    for (const file of inputs.files) {
      onEvent?.({ kind: 'note', message: `hashing ${file.path}` });
      parts.push(await tablePart(file, join(folder, `arrow-${parts.length}.jsonl`), options));
    }
    return { parts, notes, choice, images: [] };
  }
  const place = join(folder, 'rows.jsonl');
  const { kind, files } = inputs;
  onEvent?.({ kind: 'note', message: `reading ${files.length} files` });
  const rows = await writeRows(kind, files, place, signal);
  const digest = createHash('sha256');
  for (const [i, { path, bytes }] of files.entries())
    digest.update(`${JSON.stringify([path, bytes, rows.digests[i]])}\n`);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const part: Part = {
    path: datasetNamesOf(datasets),
    split: 'all',
    format: kind,
    bytes,
    sha256: digest.digest('hex'),
    place,
    finish: async () => {},
  };
  const own = { label: 'label', id: 'path', split: 'split', ...(kind === 'texts' ? { text: 'text' } : {}) };
  const images = kind === 'images' ? files : [];
  return { parts: [part], notes: [...notes, ...rows.notes], choice: { ...own, ...choice }, images };
}

/** @param spill where the rows of an Arrow file are written */
async function tablePart(file: DataInput, spill: string, { limits, signal }: DatasetOptions): Promise<Part> {
  const { source, format, sha256, path, split, bytes, place } = await openTable(file, signal);
  const finish = async () => {
    try {
      if (await source.unchanged()) return;
    } finally {
      await source.close();
    }
    throw new AssayError('changed', 'changed while it was read', {
      subject: path,
      hint: 'run it again when nothing writes to it',
    });
  };
  const part = { path, split, format, bytes, sha256, finish };
  if (format !== 'arrow') return { ...part, place };
  try {
    const bounds = { spillBytes: limits.spillBytes, batchBytes: limits.memoryBytes / BATCH_SHARE, signal };
    return { ...part, place: spill, arrow: await writeArrowRows(source, { path, place: spill, ...bounds }) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** A batch of rows is held as bytes, and as what they are decompressed to and decoded into. */
const BATCH_SHARE = 4;

/** One engine finds out how files are read; the other runs the statements. */
interface Engines {
  readonly reading: Engine;
  readonly engine: Engine;
}

async function load(
  { reading, engine }: Engines,
  { parts, choice }: Prepared,
  names: readonly string[],
  { onEvent }: DatasetOptions,
) {
  let columns: ChosenColumns | undefined;
  let first: readonly TableColumn[] = [];
  let rows = 0;
  const notes: string[] = [];
  for (const [i, part] of parts.entries()) {
    const name = names[i] ?? '';
    onEvent?.({ kind: 'note', message: `reading ${part.path}` });
    const typed = await readable(reading, part, name, choice);
    if (typed.isLoose)
      notes.push(`${part.path}: a column holds values of several types; all its columns were read as texts`);
    if (columns === undefined) {
      first = typed.columns;
      columns = withoutOwn(chooseColumns(first, choice, part.path), part.format);
    } else checkSame(first, typed.columns, part.path, parts[0]?.path ?? '');
    const select = selectOf(columns, {
      dialect: engine.dialect,
      reader: engine === reading ? typed.reader : sparkTable(part.place),
      file: i,
      before: rows,
      split: part.split,
    });
    const into = i === 0 ? `CREATE TABLE samples AS ${select}` : `INSERT INTO samples ${select}`;
    await named(part, name, () => engine.run(into));
    const counted = await engine.run(`SELECT count(*) FROM samples WHERE file = ${i}`);
    const added = Number(counted.rows[0]?.[0] ?? 0);
    await part.finish();
    if (added === 0) throw new AssayError('usage', 'has no rows', { subject: part.path, hint: 'leave it out' });
    rows += added;
  }
  if (columns === undefined) throw new AssayError('internal', 'no table');
  return { columns, rows, splits: await splitsOf(engine), notes: [...notes, ...(await timeNotes(engine, columns))] };
}

/** Of a folder, what rows say of files is not a feature; of images, the digest is their content. */
function withoutOwn({ chosen, features }: ChosenColumns, format: DatasetFile['format']): ChosenColumns {
  if (format === 'images') return { chosen, features: features.filter(({ name }) => name === 'sha256') };
  return { chosen, features: format === 'texts' ? [] : features };
}

interface Readable {
  readonly reader: string;
  readonly columns: readonly TableColumn[];
  readonly isLoose: boolean;
}

/** Finds out how a file can be read. Cells of ids, labels and texts of CSV stay as they are written: `007` is not 7. */
async function readable(engine: Engine, part: Part, name: string, choice: ColumnChoice): Promise<Readable> {
  const format = formatOf(part.format);
  const described = async (reader: string): Promise<TableColumn[]> => {
    const { rows } = await engine.run(`DESCRIBE SELECT * FROM ${reader}`);
    return rows.map(([column, type]) => ({ name: String(column), type: String(type) }));
  };
  return await named(part, name, async () => {
    const reader =
      part.arrow === undefined ? tableFunction(name, format, part.bytes, false) : arrowTable(name, part.arrow);
    const columns = await described(reader);
    if (format !== 'csv' && format !== 'tsv') return { reader, columns, isLoose: false };
    await checkHeader(engine, headerOf(name, format));
    const { time: _, eventTimes: __, ...texts } = choice;
    const kept = [...new Set(Object.values(texts))].filter((column) => columns.some((one) => one.name === column));
    const { literal } = engine.dialect;
    const types =
      kept.length === 0 ? '' : `, types = {${kept.map((column) => `${literal(column)}: 'VARCHAR'`).join(', ')}}`;
    const typed = reader.replace(/\)$/, `${types})`);
    return (await isReadable(engine, typed))
      ? { reader: typed, columns: await described(typed), isLoose: false }
      : await looseOf(described, tableFunction(name, format, part.bytes, true));
  });
}

/** Of two columns with one name, programs take different ones. @throws AssayError `malformed` */
async function checkHeader(engine: Engine, header: string): Promise<void> {
  const names = ((await engine.run(`SELECT * FROM ${header} LIMIT 1`)).rows[0] ?? []).map(String);
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  if (twice !== undefined)
    throw new AssayError('malformed', `has two columns ${quotedName(twice)}`, { hint: 'give each a name of its own' });
}

/** Whether the types that a part of the file told hold for all of it. */
async function isReadable(engine: Engine, reader: string): Promise<boolean> {
  try {
    await engine.run(`SELECT count(*) FROM (SELECT * FROM ${reader}) AS whole`);
    return true;
  } catch (error) {
    if (error instanceof AssayError && /convert|cast/i.test(error.message)) return false;
    throw error;
  }
}

async function looseOf(described: (reader: string) => Promise<TableColumn[]>, reader: string): Promise<Readable> {
  return { reader, columns: await described(reader), isLoose: true };
}

/** @throws AssayError `usage` for files whose columns differ */
function checkSame(first: readonly TableColumn[], columns: readonly TableColumn[], path: string, other: string): void {
  const [names, others] = [new Set(first.map(({ name }) => name)), new Set(columns.map(({ name }) => name))];
  const lacking = first.find(({ name }) => !others.has(name));
  const added = columns.find(({ name }) => !names.has(name));
  if (lacking === undefined && added === undefined) return;
  const what =
    lacking === undefined
      ? `has a column ${quotedName(added?.name ?? '')}`
      : `has no column ${quotedName(lacking.name)}`;
  throw new AssayError('usage', `${what}, unlike ${other}`, {
    subject: path,
    hint: 'give files with the same columns, or each by itself',
  });
}

/** How to correct what the engine says of a file. */
function hintOf(message: string): string | undefined {
  if (/not utf-8 encoded|invalid (?:unicode|utf)/i.test(message)) return TO_UTF8;
  return /CSV/.test(message) ? CSV_FORM : undefined;
}

const CSV_FORM =
  'write a comma between cells (in .tsv a tab), double quotes around cells with one, one end of line, and as many cells in each line';
const TO_UTF8 = 'convert it to UTF-8: iconv -f WINDOWS-1252 -t UTF-8 in.csv > out.csv';

/** Errors of the engine name the file as the user knows it. */
async function named<T>({ path }: Part, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AssayError) || error.code === 'aborted') throw error;
    const message = error.message.replaceAll(name, 'the file');
    const hint = hintOf(message) ?? error.hint;
    throw new AssayError(error.code, message, { subject: path, cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}

async function splitsOf(engine: Engine) {
  const { rows } = await engine.run('SELECT split, count(*) FROM samples GROUP BY split ORDER BY min(row_number)');
  return rows.map(([name, count]) => ({ name: String(name), rows: Number(count) }));
}

async function timeNotes(engine: Engine, { chosen }: ChosenColumns): Promise<string[]> {
  if (!chosen.some(({ role }) => role === 'time')) return [];
  const { rows } = await engine.run('SELECT count(*) - count(time) FROM samples');
  const without = Number(rows[0]?.[0] ?? 0);
  return without === 0 ? [] : [`${without} rows have no time that could be read`];
}
