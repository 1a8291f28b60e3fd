import * as v from 'valibot';
import { folderLabels, imagesPart } from './images/index.ts';
import { COLUMN_TYPES, TABLE_FORMAT_IDS } from './tables/index.ts';
import { textsPart } from './texts/index.ts';

const MAX_TEXT = 4_096;
const MAX_COLUMNS = 10_000;
const MAX_PARTS = 1_000;

const text = v.pipe(v.string('must be a text'), v.minLength(1, 'is empty'), v.maxLength(MAX_TEXT, 'is too long'));
const columnList = v.pipe(
  v.array(text, 'must be a list of names'),
  v.minLength(1, 'is empty'),
  v.maxLength(MAX_COLUMNS, 'is too long'),
  v.check((names) => new Set(names).size === names.length, 'names a column twice'),
);

/** Arrays of a file: all of them, or the named ones. */
const filePart = v.strictObject({
  file: text,
  /** Told by the first bytes, or else by the extension, when absent. */
  format: v.exactOptional(v.picklist(TABLE_FORMAT_IDS, `must be one of ${TABLE_FORMAT_IDS.join(', ')}`)),
  columns: v.exactOptional(columnList),
  /** The name of the input: several columns become one matrix, in their order. */
  as: v.exactOptional(text),
  /** How columns of text (CSV) are read. */
  types: v.exactOptional(v.record(text, v.picklist(COLUMN_TYPES, `must be one of ${COLUMN_TYPES.join(', ')}`))),
});

/** LabelsSpec of images in a table, which names each image by its path below the folder of images. */
const keyedLabels = v.strictObject({
  images: text,
  file: text,
  format: filePart.entries.format,
  types: filePart.entries.types,
  /** The column of paths. */
  key: text,
  /** The column of labels. */
  column: text,
});

const inputPart = v.union(
  [text, filePart, imagesPart, textsPart],
  'must be a path, path#array, or an object with `file`, `images` or `texts`',
);

const fileRef = v.union([text, filePart], 'must be a path, path#array, or an object with `file`');

/** What a suite says of its inputs, its labels, and what else is known of each row. */
export const dataSchema = v.strictObject({
  inputs: v.union(
    [inputPart, v.pipe(v.array(inputPart), v.minLength(1, 'is empty'), v.maxLength(MAX_PARTS, 'is too long'))],
    'must be a path, path#array, an object with `file`, `images` or `texts`, or a list of them',
  ),
  labels: v.exactOptional(
    v.union(
      [text, filePart, keyedLabels, folderLabels],
      'must be a path, path#array, or an object with `file`, with `images` and `file`, or with `folders`',
    ),
  ),
  /** By name. Several columns of a file become one matrix. */
  columns: v.exactOptional(
    v.pipe(
      v.record(text, fileRef),
      v.check((columns) => Object.keys(columns).length <= MAX_PARTS, 'has too many columns'),
    ),
  ),
});

export type DataSpec = v.InferOutput<typeof dataSchema>;
export type InputPart = v.InferOutput<typeof inputPart>;
export type LabelsSpec = NonNullable<DataSpec['labels']>;
export type FilePart = v.InferOutput<typeof filePart>;
export type FileRef = string | FilePart;

export function inputPartsOf({ inputs }: DataSpec): readonly InputPart[] {
  return Array.isArray(inputs) ? inputs : [inputs];
}

/** A short reference as what it stands for. */
export function filePartOf(ref: FileRef): FilePart {
  if (typeof ref !== 'string') return ref;
  const mark = ref.lastIndexOf('#');
  return mark <= 0 || mark === ref.length - 1
    ? { file: ref }
    : { file: ref.slice(0, mark), columns: [ref.slice(mark + 1)] };
}
