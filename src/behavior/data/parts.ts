import { AssayError } from '../../core/index.ts';
import type { PlainArray } from '../../formats/arrays/index.ts';
import type { DataFiles } from './files.ts';
import { folderClasses, joinedLabels, listImages, readImages } from './images/index.ts';
import { matrixOf } from './matrix.ts';
import type { DataContext } from './options.ts';
import { type DataSpec, type FilePart, type FileRef, filePartOf, type InputPart, type LabelsSpec } from './spec.ts';
import { type KnownTables, type NamedArrays, readColumns, type TablePart } from './tables/index.ts';
import { readTexts, type TextsPart } from './texts/index.ts';

/** Arrays of a part, and the file or folder that they are of. */
interface PartArrays {
  readonly subject: string;
  readonly arrays: NamedArrays;
  /** The columns of an array that was made of several, by its name. */
  readonly made?: ReadonlyMap<string, readonly string[]>;
}

/** Bytes that a value takes. */
const HELD_BYTES = 8;

/** Reads the parts that a suite names. A folder of images is listed once, so that labels have the order of the images. */
export class Parts {
  readonly #files: DataFiles;
  readonly #context: DataContext;
  readonly #tables: KnownTables = new Map();
  readonly #listed = new Map<string, readonly string[]>();

  constructor(files: DataFiles, context: DataContext) {
    this.#files = files;
    this.#context = context;
  }

  /** @param spec with the labels and columns: a file that is given whole does not give them as an input */
  async inputs(part: InputPart, spec: DataSpec): Promise<PartArrays> {
    if (typeof part !== 'string' && 'images' in part) {
      const array = await readImages(part, this.#images(part.images), this.#files, this.#context);
      return { subject: part.images, arrays: new Map([[part.as, array]]) };
    }
    if (typeof part !== 'string' && 'texts' in part) return { subject: part.texts, arrays: await this.#texts(part) };
    const file = filePartOf(part);
    return { subject: file.file, ...(await this.#columns(file, spec)) };
  }

  async labels(labels: LabelsSpec): Promise<PlainArray> {
    if (isFileRef(labels)) return onlyOf(await this.#read(filePartOf(labels)), labels);
    if ('folders' in labels) return folderClasses(labels, this.#images(labels.folders));
    const { images, file, key, column, ...more } = labels;
    const part = { file, columns: key === column ? [key] : [key, column], ...more };
    const columns = await this.#read(part);
    const [paths, values] = [columns.get(key), columns.get(column)];
    if (paths === undefined || values === undefined) throw new AssayError('internal', 'a column is missing');
    return joinedLabels(values, paths, { folder: images, table: file }, this.#images(images));
  }

  /** What else is known of each row: an array, or several columns as one matrix. */
  async column(ref: FileRef): Promise<PlainArray> {
    const part = filePartOf(ref);
    const arrays = await this.#read(part);
    if (part.columns === undefined) return onlyOf(arrays, ref);
    this.#holdMatrix(arrays);
    return matrixOf(arrays, part.file);
  }

  async #columns(part: FilePart, { labels, columns = {} }: DataSpec): Promise<Omit<PartArrays, 'subject'>> {
    const all = await this.#read(part);
    const refs = [...(labels !== undefined && isFileRef(labels) ? [labels] : []), ...Object.values(columns)];
    const apart = refs.map(filePartOf).filter(({ file }) => part.columns === undefined && file === part.file);
    const isApart = (name: string) => apart.some((other) => other.columns?.includes(name) === true);
    const given = new Map([...all].filter(([name]) => !isApart(name)));
    if (given.size === 0)
      throw new AssayError('usage', 'gives no inputs', { subject: part.file, hint: 'add an array to it' });
    if (part.as === undefined) return { arrays: given };
    this.#holdMatrix(given);
    const made = given.size > 1 ? new Map([[part.as, [...given.keys()]]]) : new Map<string, readonly string[]>();
    return { arrays: new Map([[part.as, matrixOf(given, part.file)]]), made };
  }

  /** All arrays of a file. */
  async arrays(file: string): Promise<NamedArrays> {
    return await this.#read({ file });
  }

  #read(part: TablePart): Promise<NamedArrays> {
    return readColumns(part, this.#files, this.#context, this.#tables);
  }

  /** A single array stays as it is. */
  #holdMatrix(arrays: NamedArrays): void {
    if (arrays.size <= 1) return;
    const values = [...arrays.values()].reduce((sum, array) => sum + array.values.length, 0);
    this.#context.budget.hold(HELD_BYTES * values);
  }

  async #texts(part: TextsPart): Promise<NamedArrays> {
    const texts = await this.textColumn(part.texts);
    const pairs = part.pairs === undefined ? undefined : await this.textColumn(part.pairs);
    return await readTexts(part, { texts, pairs }, this.#files, this.#context);
  }

  /** A column of texts, as `path#column`. */
  async textColumn(ref: string): Promise<readonly string[]> {
    const column = onlyOf(await this.#read(filePartOf(ref)), ref);
    if (column.kind === 'texts' && column.dims.length === 1) return column.values;
    throw new AssayError(
      'usage',
      `holds ${column.kind} of the shape [${column.dims.join(', ')}], and texts are needed`,
      {
        subject: ref,
        hint: 'name a column of texts: path#column',
      },
    );
  }

  #images(folder: string): readonly string[] {
    const paths = this.#listed.get(folder) ?? listImages(folder, this.#files, this.#context);
    this.#listed.set(folder, paths);
    return paths;
  }
}

function isFileRef(labels: LabelsSpec): labels is FileRef {
  return typeof labels === 'string' || !('folders' in labels || 'images' in labels);
}

function onlyOf(columns: NamedArrays, ref: FileRef): PlainArray {
  const [only, ...others] = columns.values();
  if (only !== undefined && others.length === 0) return only;
  const subject = filePartOf(ref).file;
  throw new AssayError('usage', `has ${columns.size} arrays, and one is needed`, {
    subject,
    hint: `name it: ${subject}#name`,
  });
}
