import type { Feature } from '../detectors/index.ts';
import type { SqlDialect } from '../engine/index.ts';
import type { ChosenColumns, TableColumn } from './columns.ts';

/** Seconds since 1970 of the year 5138: larger numbers are milliseconds. */
const MAX_SECONDS = 100_000_000_000;
const TEXT_ROLES = ['label', 'text', 'source', 'id', 'url', 'hash', 'downloaded-hash'] as const;

/** The names that detectors know the columns of roles by. */
export function columnKey(role: string): string {
  return role.replace('-', '_');
}

/**
 * The columns of `samples`, from those of one file. Column names are quoted; nothing else of the file is a part of the statement.
 * @param types of the columns that all files are read as
 */
export function selectOf(
  { chosen, features }: ChosenColumns,
  { dialect, reader, file, before, split }: SelectOptions,
): string {
  const { identifier, literal, rowNumber, text: textType } = dialect;
  const of = (role: string) => chosen.find((one) => one.role === role);
  const asText = ({ name, type }: TableColumn) =>
    type === 'JSON' ? `plain_of(${identifier(name)})` : `CAST(${identifier(name)} AS ${textType})`;
  const roles = TEXT_ROLES.map((role) => {
    const column = of(role);
    return `${column === undefined ? `CAST(NULL AS ${textType})` : asText(column)} AS ${columnKey(role)}`;
  });
  const time = of('time');
  const splitColumn = of('split');
  const splitText = splitColumn === undefined ? literal(split) : `coalesce(${asText(splitColumn)}, '(none)')`;
  const events = chosen
    .filter(({ role }) => role === 'event-time')
    .map((column, i) => `${timeOf(column, dialect)} AS e${i}`);
  const text = of('text');
  const content = text === undefined ? contentOf(features, dialect) : `digest_of(${asText(text)})`;
  const parts = [
    `${before} + ${rowNumber} AS row_number`,
    `${file} AS file`,
    `${splitText} AS split`,
    ...roles,
    `${time === undefined ? 'CAST(NULL AS TIMESTAMP)' : timeOf(time, dialect)} AS time`,
    ...events,
    `${content} AS content`,
    ...features
      .filter(({ kind }) => kind !== 'other')
      .map((feature) => `${castOf(feature, dialect)} AS ${feature.key}`),
  ];
  return `SELECT ${parts.join(', ')} FROM ${reader}`;
}

export interface SelectOptions {
  readonly dialect: SqlDialect;
  /** The table function, or the table, to read from. */
  readonly reader: string;
  /** The number of the file, from 0 on. */
  readonly file: number;
  /** Rows of the files before. */
  readonly before: number;
  readonly split: string;
}

function castOf({ name, kind }: Feature, { identifier, text }: SqlDialect): string {
  const types = { number: 'DOUBLE', category: text, time: 'TIMESTAMP', other: text };
  return `CAST(${identifier(name)} AS ${types[kind]})`;
}

/** Texts that are not times become missing, and are countText afterwards. */
function timeOf({ name, type }: TableColumn, { identifier }: SqlDialect): string {
  const column = identifier(name);
  if (/^(?:DATE|TIMESTAMP)/.test(type)) return `CAST(${column} AS TIMESTAMP)`;
  if (/VARCHAR|ENUM/.test(type)) return `TRY_CAST(${column} AS TIMESTAMP)`;
  const number = `CAST(${column} AS DOUBLE)`;
  return `time_of(CASE WHEN abs(${number}) > ${MAX_SECONDS} THEN ${number} / 1000 ELSE ${number} END)`;
}

/**
 * A digest of all features of a row: two rows have the same digest when all their features are equal. Each value is written behind its
 * length, so that no two rows look the same when they are joined.
 */
function contentOf(features: readonly Feature[], dialect: SqlDialect): string {
  if (features.length === 0) return `CAST(NULL AS ${dialect.text})`;
  const parts = features.map((feature) => {
    const value = comparable(feature, dialect);
    return `coalesce(CAST(length_of(${value}) AS ${dialect.text}) || ':' || ${value}, '-')`;
  });
  return `digest_of(concat_ws(',', ${parts.join(', ')}))`;
}

/** Images of data sets are structures of bytes and a path; the path is not what a model learns from. */
function comparable({ name, type }: TableColumn, { identifier, field, text }: SqlDialect): string {
  const column = identifier(name);
  if (type === 'BLOB') return `digest_of(${column})`;
  if (/^STRUCT\(.*\bbytes BLOB\b/.test(type)) return `digest_of(${field(column, 'bytes')})`;
  return `CAST(${column} AS ${text})`;
}
