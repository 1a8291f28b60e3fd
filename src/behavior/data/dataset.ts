import { AssayError, quotedName } from '../../core/index.ts';
import type { PlainArray } from '../../formats/arrays/index.ts';
import { DataFiles } from './files.ts';
import { matrixOf } from './matrix.ts';
import { contextOf, type DataContext, type DataOptions } from './options.ts';
import { type DataSpec, type FilePart, filePartOf } from './spec.ts';
import { readColumns } from './tables/index.ts';

/** What a model is given in a test, and what it should answer. */
export interface Dataset {
  /** By the name of the input. */
  readonly inputs: ReadonlyMap<string, PlainArray>;
  readonly labels: PlainArray | undefined;
  /** The first size of every input, and of the labels. */
  readonly rows: number;
  /** Hexadecimal, over the names and bytes of all files that were read. */
  readonly sha256: string;
}

/** Bytes that a value takes. */
const HELD_BYTES = 8;

/**
 * Reads the inputs and labels that a suite names.
 * @throws AssayError `usage` for what does not fit together, naming file and column; `not-found`, `unreadable`, `changed`; a content
 *   code for a file that cannot be read; `limit`; `sandbox`; `aborted`
 */
export async function loadDataset(spec: DataSpec, options: DataOptions): Promise<Dataset> {
  const context = contextOf(options);
  try {
    const files = new DataFiles(options, context);
    const labelPart = spec.labels === undefined ? undefined : filePartOf(spec.labels);
    const labels = labelPart === undefined ? undefined : await labelsOf(labelPart, files, context);
    const inputs = new Map<string, PlainArray>();
    for (const ref of Array.isArray(spec.inputs) ? spec.inputs : [spec.inputs]) {
      const part = filePartOf(ref);
      for (const [name, array] of await inputsOf(part, labelPart, files, context)) {
        if (inputs.has(name))
          throw new AssayError('usage', `gives the input ${quotedName(name)} a second time`, {
            subject: part.file,
            hint: 'select arrays with `columns`, or rename one with `as`',
          });
        inputs.set(name, array);
      }
    }
    return { inputs, labels, rows: rowsOf(inputs, labels), sha256: files.sha256() };
  } finally {
    await context.resources.disposeAsync();
  }
}

async function labelsOf(part: FilePart, files: DataFiles, context: DataContext): Promise<PlainArray> {
  const columns = await readColumns(part, files, context);
  const [only, ...others] = columns.values();
  if (only !== undefined && others.length === 0) return only;
  throw new AssayError('usage', `has ${columns.size} arrays, and labels are one`, {
    subject: part.file,
    hint: `name it: ${part.file}#name`,
  });
}

/** The arrays of a part. A file that is given whole does not give its labels as an input. */
async function inputsOf(
  part: FilePart,
  labels: FilePart | undefined,
  files: DataFiles,
  context: DataContext,
): Promise<ReadonlyMap<string, PlainArray>> {
  const all = await readColumns(part, files, context);
  const isLabel = (name: string) =>
    part.columns === undefined && labels?.file === part.file && labels.columns?.includes(name) === true;
  const given = new Map([...all].filter(([name]) => !isLabel(name)));
  if (given.size === 0)
    throw new AssayError('usage', 'gives no inputs', { subject: part.file, hint: 'add an array to it' });
  if (part.as === undefined) return given;
  if (given.size > 1)
    context.budget.hold(HELD_BYTES * [...given.values()].reduce((sum, { values }) => sum + values.length, 0));
  return new Map([[part.as, matrixOf(given, part.file)]]);
}

function rowsOf(inputs: ReadonlyMap<string, PlainArray>, labels: PlainArray | undefined): number {
  const sizes = [...inputs].map(([name, { dims }]) => ({ what: `the input ${quotedName(name)}`, rows: dims[0] }));
  const [first, ...others] = labels === undefined ? sizes : [...sizes, { what: 'labels', rows: labels.dims[0] }];
  if (first?.rows === undefined || first.rows === 0)
    throw new AssayError('usage', `${first?.what ?? 'a suite'} has no rows`, {
      hint: 'give arrays whose first size is the number of rows',
    });
  const other = others.find(({ rows }) => rows !== first.rows);
  if (other !== undefined)
    throw new AssayError('usage', `${other.what} has ${other.rows ?? 'no'} rows, and ${first.what} has ${first.rows}`, {
      hint: 'give every array the same number of rows, in the same order',
    });
  return first.rows;
}
