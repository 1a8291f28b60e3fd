import { AssayError, quotedName } from '../../core/index.ts';
import type { PlainArray } from '../../formats/arrays/index.ts';
import { DataFiles } from './files.ts';
import { contextOf, type DataOptions } from './options.ts';
import { Parts } from './parts.ts';
import { type DataSpec, inputPartsOf } from './spec.ts';

/** What a model is given in a test, and what it should answer. */
export interface Dataset {
  /** By the name of the input. */
  readonly inputs: ReadonlyMap<string, PlainArray>;
  readonly labels: PlainArray | undefined;
  /** What else is known of each row, by name. */
  readonly columns: ReadonlyMap<string, PlainArray>;
  /** The columns of an input that was made of several, in their order, by the name of the input. */
  readonly made: ReadonlyMap<string, readonly string[]>;
  /** The first size of every input, and of the labels. */
  readonly rows: number;
  /** Hexadecimal, over the names and bytes of all files that were read. */
  readonly sha256: string;
}

/**
 * Reads the inputs and labels that a suite names.
 * @throws AssayError `usage` for what does not fit together, naming file and column; `not-found`, `unreadable`, `changed`; a content
 *   code for a file that cannot be read; `limit`; `sandbox`; `aborted`
 */
export async function loadDataset(spec: DataSpec, options: DataOptions): Promise<Dataset> {
  const context = contextOf(options);
  try {
    const files = new DataFiles(options, context);
    const parts = new Parts(files, context);
    checkFolder(spec);
    const labels = spec.labels === undefined ? undefined : await parts.labels(spec.labels);
    const columns = new Map<string, PlainArray>();
    for (const [name, ref] of Object.entries(spec.columns ?? {})) columns.set(name, await parts.column(ref));
    const inputs = new Map<string, PlainArray>();
    const made = new Map<string, readonly string[]>();
    for (const part of inputPartsOf(spec)) {
      const { subject, arrays, made: own = new Map() } = await parts.inputs(part, spec);
      for (const [name, from] of own) made.set(name, from);
      for (const [name, array] of arrays) {
        if (inputs.has(name))
          throw new AssayError('usage', `gives the input ${quotedName(name)} a second time`, {
            subject,
            hint: 'select arrays with `columns`, or rename one with `as`',
          });
        inputs.set(name, array);
      }
    }
    return { inputs, labels, columns, made, rows: rowsOf(inputs, labels, columns), sha256: files.sha256() };
  } finally {
    await context.resources.disposeAsync();
  }
}

/** Labels of images are in the order of an input, whose bytes the digest covers. @throws AssayError `usage` */
function checkFolder(spec: DataSpec): void {
  const { labels } = spec;
  if (labels === undefined || typeof labels === 'string') return;
  const folder = 'folders' in labels ? labels.folders : 'images' in labels ? labels.images : undefined;
  const isInput = inputPartsOf(spec).some(
    (part) => typeof part === 'object' && 'images' in part && part.images === folder,
  );
  if (folder === undefined || isInput) return;
  throw new AssayError('usage', 'has labels, and is not an input', {
    subject: folder,
    hint: `give its images as an input: images: ${folder}`,
  });
}

function rowsOf(
  inputs: ReadonlyMap<string, PlainArray>,
  labels: PlainArray | undefined,
  columns: ReadonlyMap<string, PlainArray>,
): number {
  const sizesOf = (what: string, arrays: ReadonlyMap<string, PlainArray>) =>
    [...arrays].map(([name, { dims }]) => ({ what: `the ${what} ${quotedName(name)} has`, rows: dims[0] }));
  const [first, ...others] = [
    ...sizesOf('input', inputs),
    ...(labels === undefined ? [] : [{ what: 'labels have', rows: labels.dims[0] }]),
    ...sizesOf('column', columns),
  ];
  if (first?.rows === undefined || first.rows === 0)
    throw new AssayError('usage', `${first?.what ?? 'a suite has'} no rows`, {
      hint: 'give arrays whose first size is the number of rows',
    });
  const other = others.find(({ rows }) => rows !== first.rows);
  if (other !== undefined)
    throw new AssayError('usage', `${other.what} ${other.rows ?? 'no'} rows, and ${first.what} ${first.rows}`, {
      hint: 'give every array the same number of rows, in the same order',
    });
  return first.rows;
}
