import { AssayError, closest, quotedName } from '../../../core/index.ts';
import type { DataFile, DataFiles } from '../files.ts';
import type { DataContext } from '../options.ts';
import type { ColumnType, NamedArrays, TableFormat } from './format.ts';
import { TABLE_FORMAT_IDS, TABLE_FORMATS } from './list.ts';

const HEAD_BYTES = 16;
const SHOWN_NAMES = 20;

/** A file, and the arrays of it that are wanted. */
export interface TablePart {
  readonly file: string;
  readonly format?: string;
  readonly columns?: readonly string[];
  readonly types?: Readonly<Record<string, ColumnType>>;
}

/** What was read of files before: a log is read once for its inputs and its columns. */
export type KnownTables = Map<string, NamedArrays>;

/**
 * The arrays of a file: the named ones in their order, or all.
 * @param known what was read before with these files; what is read is added
 * @throws AssayError `usage` for an array that it does not have, or a format that it is not of; `unsupported`; what reading throws
 */
export async function readColumns(
  part: TablePart,
  files: DataFiles,
  context: DataContext,
  known: KnownTables,
): Promise<NamedArrays> {
  const key = JSON.stringify([part.file, part.format, part.types]);
  const before = known.get(key);
  if (before !== undefined && part.columns?.every((name) => before.has(name)) === true)
    return selected(part, before, part.file);
  return await files.use(part.file, async (file) => {
    const format = await formatOf(file, part.format);
    const types = new Map(Object.entries(part.types ?? {}));
    if (types.size > 0 && format.id !== 'csv')
      throw new AssayError('usage', `is ${format.id}, which says the types of its columns itself`, {
        hint: 'leave `types` out',
      });
    const request = { columns: part.columns, types };
    const columns = await format.read(file, request, context);
    known.set(key, columns);
    return selected(part, columns, file.path);
  });
}

function selected({ columns: wanted }: TablePart, columns: NamedArrays, subject: string): NamedArrays {
  if (wanted === undefined) return columns;
  return new Map(wanted.map((name) => [name, columnNamed(name, columns, subject)]));
}

async function formatOf({ path, source }: DataFile, declared: string | undefined): Promise<TableFormat> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  const evident = TABLE_FORMATS.find((format) => format.identify?.(head) === true);
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  const wanted =
    declared === undefined
      ? TABLE_FORMATS.find(({ extensions }) => extensions.includes(extension))
      : TABLE_FORMATS.find(({ id }) => id === declared);
  if (declared !== undefined && evident !== undefined && evident !== wanted)
    throw new AssayError('usage', `is declared as ${declared}, and starts as ${evident.id}`, {
      hint: 'correct `format`',
    });
  const format = evident ?? wanted;
  if (format === undefined)
    throw new AssayError('unsupported', 'is of no format that holds inputs', {
      hint: `declare its \`format\`: ${TABLE_FORMAT_IDS.join(', ')}`,
    });
  return format;
}

function columnNamed(name: string, columns: NamedArrays, subject: string) {
  const found = columns.get(name);
  if (found !== undefined) return found;
  const names = [...columns.keys()];
  const [near] = closest(name, names);
  const shown = names.slice(0, SHOWN_NAMES).map(quotedName).join(', ') || 'none';
  const more = names.length > SHOWN_NAMES ? ', ...' : '';
  throw new AssayError('usage', `has no array ${quotedName(name)}`, {
    subject,
    hint: near === undefined ? `it has ${shown}${more}` : `did you mean ${quotedName(near)}? It has ${shown}${more}`,
  });
}
