import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { chunks, FileSource } from '../../core/bytes/index.ts';
import { AssayError, codeOrText, isFileMissing, throwIfAborted } from '../../core/index.ts';
import { checkedFormat, type RowsFormat, tableFormat } from './format.ts';

/** A file of a data set. */
export interface DataInput {
  /** As it was given, or below the folder that was given. */
  readonly path: string;
  readonly place: string;
  readonly split: string;
  readonly bytes: number;
}

/** A file with rows. It stays open until it was read, so that its bytes can be held to be the same. */
export interface TableFile extends DataInput {
  readonly format: RowsFormat;
  readonly source: FileSource;
  /** 64 hex digits. */
  readonly sha256: string;
}

export type DataInputs =
  | { readonly kind: 'tables'; readonly files: readonly DataInput[]; readonly passedOver: number }
  | { readonly kind: 'texts' | 'images'; readonly files: readonly DataInput[]; readonly passedOver: number };

const MAX_FILES = 100_000;
const MAX_TABLES = 2_000;
const MAX_DEPTH = 12;
const IMAGES: ReadonlySet<string> = new Set(['.png', '.jpg', '.jpeg', '.gif', '.bmp', '.webp', '.tif', '.tiff']);
const TEXTS: ReadonlySet<string> = new Set(['.txt', '.text', '.eml', '.md', '.html', '.htm', '']);
/** What libraries call the parts of one table: `train-00000-of-00002.parquet`. */
const SHARD = /[-_.]\d+(?:-of-\d+)?$/;
const SPLIT_FOLDER = /^(?:train(?:ing)?|test(?:ing)?|val(?:id|idation)?|dev|eval)$/i;
/** Beside tables: what describes them. */
const DESCRIBING = /^(?:readme.*|licen[cs]e.*|\..*|.*\.md|dataset_infos?\.json|state\.json|metadata\.json)$/i;

/**
 * The files that were named: `path`, or `split=path`. A folder is one of tables, of texts, or of images.
 * @throws AssayError `not-found`, `unreadable`, `usage`, `limit`
 */
export async function findInputs(datasets: readonly string[], signal: AbortSignal | undefined): Promise<DataInputs> {
  const found: DataInputs[] = [];
  for (const dataset of datasets) found.push(await inputsOf(dataset, signal));
  const kinds = new Set(found.map(({ kind }) => kind));
  const [kind] = kinds;
  if (kind === undefined) throw new AssayError('usage', 'no data set is given');
  if (kinds.size > 1)
    throw new AssayError('usage', `cannot be looked at together: ${[...kinds].join(' and ')}`, {
      subject: datasets.join(', '),
      hint: 'give tables, or folders of texts, or folders of images',
    });
  const files = found.flatMap((one) => one.files);
  if (kind === 'tables' && files.length > MAX_TABLES)
    throw new AssayError('limit', `has ${files.length} files of tables, more than ${MAX_TABLES}`, {
      subject: datasets.join(', '),
    });
  return { kind, files, passedOver: found.reduce((sum, { passedOver }) => sum + passedOver, 0) };
}

async function inputsOf(dataset: string, signal: AbortSignal | undefined): Promise<DataInputs> {
  const [, named, after] = /^([A-Za-z0-9_-]{1,64})=(.+)$/s.exec(dataset) ?? [];
  // A file whose own name has this form is that file.
  const whole = named === undefined ? undefined : await statOf(dataset).catch(() => undefined);
  const path = named === undefined || after === undefined || whole !== undefined ? dataset : after;
  const split = path === dataset ? undefined : named;
  const info = await statOf(path);
  if (info.isFile()) {
    const file = { path, place: path, split: split ?? splitOf(basename(path)), bytes: info.size };
    return { kind: 'tables', files: [file], passedOver: 0 };
  }
  if (!info.isDirectory()) throw new AssayError('unreadable', 'is neither a file nor a folder', { subject: path });
  return await folderInputs(path, split, signal);
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isFileMissing(error)) throw new AssayError('not-found', 'does not exist', { subject: path, cause: error });
    throw new AssayError('unreadable', `cannot be read (${codeOrText(error)})`, { subject: path, cause: error });
  }
}

function splitOf(name: string): string {
  const stem = name.replace(/\.gz$/i, '').replace(/\.[^.]+$/, '');
  return stem.replace(SHARD, '') || stem;
}

async function folderInputs(
  folder: string,
  split: string | undefined,
  signal: AbortSignal | undefined,
): Promise<DataInputs> {
  const { files, passedOver } = await walk(folder, signal);
  const tables = files.filter(({ path }) => tableFormat(path) !== undefined && !DESCRIBING.test(basename(path)));
  const images = files.filter(({ path }) => IMAGES.has(extname(path).toLowerCase()));
  const texts = files.filter(({ path }) => isText(path));
  const [kind, kept] =
    tables.length > 0
      ? (['tables', tables] as const)
      : images.length > texts.length
        ? (['images', images] as const)
        : (['texts', texts] as const);
  if (kept.length === 0)
    throw new AssayError('usage', 'has no tables, texts or images', {
      subject: folder,
      hint: 'give .parquet, .csv, .tsv, .jsonl or .json files, or a folder of texts or images, a folder a label',
    });
  const named = kept.map((file) => ({ ...file, split: split ?? splitIn(folder, file.place, kind) }));
  return { kind, files: named, passedOver: passedOver + files.length - kept.length };
}

/** Files of mail have numbers behind their point. */
function isText(path: string): boolean {
  const extension = extname(path).toLowerCase();
  return TEXTS.has(extension) || /^\.[0-9a-f]{32}$/.test(extension);
}

/** That of the folder within that is named after one, else of the file of a table, else of the folder that was given. */
function splitIn(folder: string, place: string, kind: DataInputs['kind']): string {
  const [first = ''] = relative(folder, place).split(sep);
  if (SPLIT_FOLDER.test(first)) return first.toLowerCase();
  return kind === 'tables' ? splitOf(basename(place)) : basename(resolve(folder));
}

/** Files below a folder, by name. Links are passed over: they may lead out of it. */
async function walk(folder: string, signal: AbortSignal | undefined) {
  const files: Omit<DataInput, 'split'>[] = [];
  let passedOver = 0;
  const visit = async (place: string, depth: number): Promise<void> => {
    throwIfAborted(signal);
    if (depth > MAX_DEPTH)
      throw new AssayError('limit', `is nested deeper than ${MAX_DEPTH} folders`, { subject: place });
    const entries = await readdir(place, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const at = join(place, entry.name);
      if (entry.isDirectory()) await visit(at, depth + 1);
      else if (!entry.isFile() || entry.name.startsWith('.')) passedOver++;
      else {
        if (files.length >= MAX_FILES)
          throw new AssayError('limit', `has more than ${MAX_FILES} files`, { subject: folder });
        files.push({ path: at, place: at, bytes: (await stat(at)).size });
      }
    }
  };
  await visit(folder, 0);
  return { files, passedOver };
}

/** Opens a file of rows, and hashes it. The caller closes its source. @throws AssayError */
export async function openTable(file: DataInput, signal: AbortSignal | undefined): Promise<TableFile> {
  const source = FileSource.open(file.place);
  try {
    if (source.size === 0) throw new AssayError('malformed', 'is empty', { subject: file.path });
    const format = await checkedFormat(file.path, source);
    return { ...file, bytes: source.size, format, source, sha256: await hashOf(source, signal) };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function hashOf(source: FileSource, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks(source, 0, source.size)) {
    throwIfAborted(signal);
    hash.update(chunk);
  }
  return hash.digest('hex');
}
