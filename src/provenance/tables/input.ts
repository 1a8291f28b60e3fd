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

/** Files that lie under other names than their own, such as those of an upload: reports and messages name them by `path`. */
export interface NamedFiles {
  readonly name: string;
  /** `path` is one within a folder, with `/` between its parts. */
  readonly files: readonly Omit<DataInput, 'split'>[];
  /** Files that lie beside them and are left out, such as links. */
  readonly passedOver?: number;
}

/** What is checked: `path` or `split=path` on this machine, or files with names of their own. */
export type DatasetChoice = string | NamedFiles;

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
export async function findInputs(
  datasets: readonly DatasetChoice[],
  signal: AbortSignal | undefined,
): Promise<DataInputs> {
  const found: DataInputs[] = [];
  for (const dataset of datasets)
    found.push(typeof dataset === 'string' ? await inputsOf(dataset, signal) : namedInputs(dataset));
  const kinds = new Set(found.map(({ kind }) => kind));
  const [kind] = kinds;
  if (kind === undefined) throw new AssayError('usage', 'no data set is given');
  if (kinds.size > 1)
    throw new AssayError('usage', `cannot be looked at together: ${[...kinds].join(' and ')}`, {
      subject: datasetNamesOf(datasets),
      hint: 'give tables, or folders of texts, or folders of images',
    });
  const files = found.flatMap((one) => one.files);
  if (kind === 'tables' && files.length > MAX_TABLES)
    throw new AssayError('limit', `has ${files.length} files of tables, more than ${MAX_TABLES}`, {
      subject: datasetNamesOf(datasets),
    });
  return { kind, files, passedOver: found.reduce((sum, { passedOver }) => sum + passedOver, 0) };
}

/** How messages and reports name what was given. */
export function datasetNamesOf(datasets: readonly DatasetChoice[]): string {
  return datasets.map((dataset) => (typeof dataset === 'string' ? dataset : dataset.name)).join(', ');
}

/** One file is a table; several are the files of a folder, in the order in which a folder is read. */
function namedInputs({ name, files, passedOver = 0 }: NamedFiles): DataInputs {
  const [first, ...others] = files;
  if (first !== undefined && others.length === 0)
    return { kind: 'tables', files: [{ ...first, split: splitOf(basename(first.path)) }], passedOver };
  const keyed = files.map((file) => ({ key: file.path.replaceAll('/', '\0'), file }));
  const placed = keyed
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ file }) => ({ ...file, within: file.path }))
    .filter(({ path }) => !basename(path).startsWith('.'));
  return sortedInputs(name, { files: placed, passedOver: passedOver + files.length - placed.length }, undefined);
}

/**
 * A folder, or one file, by names that do not tell where it is.
 * @throws AssayError `not-found`, `unreadable`, `limit`, `aborted`
 */
export async function namedPlace(name: string, place: string, signal: AbortSignal | undefined): Promise<NamedFiles> {
  const info = await statOf(place);
  if (info.isFile()) return { name, files: [{ path: basename(place), place, bytes: info.size }] };
  const { files, passedOver } = await walk(place, signal);
  return { name, files: files.map(({ within, place: at, bytes }) => ({ path: within, place: at, bytes })), passedOver };
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
  return sortedInputs(path, await walk(path, signal), split);
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

/** A file below a folder. */
interface FileWithin extends Omit<DataInput, 'split'> {
  /** Its path below the folder. */
  readonly within: string;
}

interface FolderFiles {
  readonly files: readonly FileWithin[];
  readonly passedOver: number;
}

function sortedInputs(folder: string, { files, passedOver }: FolderFiles, split: string | undefined): DataInputs {
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
  const named = kept.map(({ within, ...file }) => ({ ...file, split: split ?? splitIn(folder, within, kind) }));
  return { kind, files: named, passedOver: passedOver + files.length - kept.length };
}

/** Files of mail have numbers behind their point. */
function isText(path: string): boolean {
  const extension = extname(path).toLowerCase();
  return TEXTS.has(extension) || /^\.[0-9a-f]{32}$/.test(extension);
}

/** That of the folder within that is named after one, else of the file of a table, else of the folder that was given. */
function splitIn(folder: string, within: string, kind: DataInputs['kind']): string {
  const [first = ''] = within.split('/');
  if (SPLIT_FOLDER.test(first)) return first.toLowerCase();
  return kind === 'tables' ? splitOf(basename(within)) : basename(resolve(folder));
}

/** Files below a folder, by name. Links are passed over: they may lead out of it. */
async function walk(folder: string, signal: AbortSignal | undefined): Promise<FolderFiles> {
  const files: FileWithin[] = [];
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
        const within = relative(folder, at).split(sep).join('/');
        files.push({ path: at, place: at, within, bytes: (await stat(at)).size });
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
