import { MemorySource } from '../../core/bytes/index.ts';
import { isAssayError, quotedName } from '../../core/index.ts';
import {
  readArrow,
  readArrowSchema,
  readArrowStream,
  readParquet,
  type TableMetadata,
} from '../../formats/tables/index.ts';
import { resolveLocation } from '../paths/index.ts';
import {
  hiddenText,
  judgeStray,
  leaveUnjudged,
  readOrReport,
  type ScanContext,
  type ScanTarget,
} from '../scanner/index.ts';
import { OUTSIDE_FILE, PICKLED_TYPE, TABLE_HIDDEN, TABLE_STRUCTURE } from './rules.ts';

const EXTENSION_NAME = 'ARROW:extension:name';
const EXTENSION_METADATA = 'ARROW:extension:metadata';
/** The schema as Arrow has it, which readers of Arrow take the types from. */
const ARROW_SCHEMA = 'ARROW:schema';
const PICKLED = 'arrow.py_extension_type';
const MAX_TYPES = 1_000;
const MAX_NOTE = 1024 * 1024;

export async function judgeParquet(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const { budget, limits } = context;
  const table = await readOrUnjudged(target, context, () => readParquet(source, budget, limits.maxHeaderBytes));
  if (table === undefined) return;
  const seen = new Set<string>();
  for (const { file, start, end } of table.chunks) {
    if (file !== '') judgeFile(file, seen, context);
    else if (!(start >= 4 && end >= start && end <= table.footerStart)) {
      const message = `Pages of a column lie from byte ${start} to ${end}, and the footer begins at ${table.footerStart}.`;
      context.report({ rule: TABLE_STRUCTURE, subject: 'pages', message });
    }
  }
  await judgeMetadata(table.metadata, source.name, context);
  for (const { key, value } of table.metadata)
    if (key === ARROW_SCHEMA) await judgeHeldSchema(value, source.name, context);
  context.cover(0, table.footerStart, 'opaque', 'pages of columns: values');
  context.cover(table.footerStart, source.size, 'parsed');
}

function judgeFile(file: string, seen: Set<string>, context: ScanContext): void {
  if (seen.has(file) || seen.size >= MAX_TYPES) return;
  seen.add(file);
  const location = resolveLocation(file);
  if (location.kind === 'inside') return;
  const message = `A column is in the file ${quotedName(file)}, which ${location.why}.`;
  context.report({
    rule: location.kind === 'outside' ? OUTSIDE_FILE : TABLE_STRUCTURE,
    subject: file,
    message,
    evidence: file,
  });
}

/** The schema of Arrow, which a Parquet file has in base64. */
async function judgeHeldSchema(value: Uint8Array, name: string, context: ScanContext): Promise<void> {
  await judgeSchema(Buffer.from(Buffer.from(value).toString('latin1'), 'base64'), name, context);
}

async function judgeSchema(bytes: Uint8Array, name: string, context: ScanContext): Promise<void> {
  try {
    const { metadata } = readArrowSchema(bytes, context.budget);
    await judgeMetadata(metadata, name, context);
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
    const message = `A schema of Arrow in the table is broken: ${error.message}.`;
    context.report({ rule: TABLE_STRUCTURE, subject: ARROW_SCHEMA, message });
  }
}

export async function judgeArrow(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const table = await readOrUnjudged(target, context, () =>
    readArrow(source, context.budget, context.limits.maxHeaderBytes),
  );
  if (table === undefined) return;
  await judgeMetadata(table.metadata, source.name, context);
  await judgeFirstSchema(target, context);
  context.cover(0, table.footerStart, 'opaque', 'batches of rows: values');
  context.cover(table.footerStart, source.size, 'parsed');
}

/** A file begins as a stream, behind its mark: readers of streams take the schema from there. */
async function judgeFirstSchema({ source }: ScanTarget, context: ScanContext): Promise<void> {
  const prefix = Buffer.from(await source.read(8, 8));
  // Before version 0.15, a length alone.
  const isOld = prefix.readUInt32LE(0) !== 0xffff_ffff;
  const length = prefix.readUInt32LE(isOld ? 0 : 4);
  if (length < 8 || length > Math.min(source.size - 16, context.limits.maxHeaderBytes)) return;
  context.budget.hold(length);
  await judgeSchema(await source.read(8, (isOld ? 4 : 8) + length), source.name, context);
}

export async function judgeArrowStream(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const stream = await readOrUnjudged(target, context, () =>
    readArrowStream(source, context.budget, context.limits.maxHeaderBytes),
  );
  if (stream === undefined) return;
  await judgeMetadata(stream.metadata, source.name, context);
  context.cover(0, stream.end, 'opaque', 'messages of rows: values, and a schema that was read');
  const what = 'There are bytes behind the stream';
  await judgeStray(target, context, {
    start: stream.end,
    end: source.size,
    name: '(trailing)',
    rule: TABLE_STRUCTURE,
    what,
  });
}

async function judgeMetadata(metadata: readonly TableMetadata[], name: string, context: ScanContext): Promise<void> {
  // Which of the notes of all fields belong together is not kept: with one pickled type, all descriptions are looked at.
  const isPickled = metadata.some(
    ({ key, value }) => key === EXTENSION_NAME && Buffer.from(value).toString('latin1') === PICKLED,
  );
  let types = 0;
  for (const { key, value } of metadata) {
    if (key === EXTENSION_METADATA && isPickled && ++types <= MAX_TYPES)
      await judgePickled(value, types, name, context);
    else if (key !== ARROW_SCHEMA) judgeNote(key, value, context);
  }
  if (types > MAX_TYPES) context.incomplete(`the table has more than ${MAX_TYPES} types that are pickles`);
  if (isPickled)
    context.report({
      rule: PICKLED_TYPE,
      subject: PICKLED,
      message: 'A column is of a type that PyArrow unpickles to read the table.',
    });
}

async function judgePickled(value: Uint8Array, index: number, name: string, context: ScanContext): Promise<void> {
  await context.member(new MemorySource(Uint8Array.from(value), `${name}!type ${index}`), `type ${index}`);
}

function judgeNote(key: string, value: Uint8Array, context: ScanContext): void {
  if (value.length > MAX_NOTE) return;
  context.budget.work(value.length);
  const evidence = hiddenText(Buffer.from(value).toString('utf8'));
  if (evidence === undefined) return;
  const message = `The note ${quotedName(key)} of the table looks like code.`;
  context.report({ rule: TABLE_HIDDEN, subject: key, message, evidence });
}

/** A variant that is not read leaves the table not assessed. */
async function readOrUnjudged<T>(
  target: ScanTarget,
  context: ScanContext,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await readOrReport(target, context, TABLE_STRUCTURE, read);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'unsupported') throw error;
    leaveUnjudged(
      context,
      `format.${target.format.id}.scan`,
      `The table is ${error.message}, which Assay does not read.`,
    );
    context.cover(0, target.source.size, 'opaque', 'a table of a form that is not read');
    return undefined;
  }
}
