import { AssayError, quotedName } from '../../core/index.ts';
import type { FbTable } from '../flatbuffer/index.ts';

/** Units of times, by their numbers in Schema.fbs. */
const UNITS = ['s', 'ms', 'us', 'ns'] as const;
export type ArrowUnit = (typeof UNITS)[number];

/** What the values of a column are: types without children. */
export type ArrowType =
  | { readonly kind: 'null' | 'bool' | 'date-days' | 'date-ms' }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bits: 16 | 32 | 64 }
  /** `wide`: offsets have 64 bits. */
  | { readonly kind: 'text' | 'binary'; readonly wide: boolean }
  /** `zoned`: the times are moments, and not what some clock showed. */
  | { readonly kind: 'timestamp'; readonly unit: ArrowUnit; readonly zoned: boolean };

export interface ArrowColumn {
  readonly name: string;
  /** Of a dictionary, that of its values. */
  readonly type: ArrowType;
  /** How values name an entry of a dictionary; `undefined` where they stand for themselves. */
  readonly dictionary: { readonly id: bigint; readonly index: ArrowType & { readonly kind: 'int' } } | undefined;
}

/** Fields of the tables of Schema.fbs of Arrow (https://github.com/apache/arrow/blob/main/format/Schema.fbs). */
const SCHEMA = { endianness: 0, fields: 1 } as const;
const FIELD = { name: 0, kind: 2, type: 3, dictionary: 4, children: 5 } as const;
const ENCODING = { id: 0, index: 1 } as const;
const INT = { bits: 0, signed: 1 } as const;
/** Of a float its precision, of a date or a time its unit. */
const FIRST = 0;
const ZONE = 1;
const MILLISECONDS = 1;
const MAX_COLUMNS = 2_000;
const FLOAT_BITS = [16, 32, 64] as const;

/** Names of the types of Schema.fbs that are not read, by their numbers. */
const OTHERS: Readonly<Record<number, string>> = {
  7: 'decimal',
  9: 'time',
  11: 'interval',
  12: 'list',
  13: 'struct',
  14: 'union',
  15: 'fixed-size binary',
  16: 'fixed-size list',
  17: 'map',
  18: 'duration',
  21: 'large list',
  22: 'run-end encoded',
  23: 'binary view',
  24: 'string view',
  25: 'list view',
  26: 'large list view',
};

/** The columns of a schema. @throws AssayError `unsupported` naming the column; `malformed`, `limit` */
export function columnsOf(schema: FbTable): readonly ArrowColumn[] {
  if (schema.u16(SCHEMA.endianness, 0) !== 0)
    throw new AssayError('unsupported', 'is an Arrow file of big-endian numbers', { hint: HINT });
  const columns: ArrowColumn[] = [];
  for (const field of schema.tables(SCHEMA.fields)) {
    if (columns.length >= MAX_COLUMNS) throw new AssayError('limit', `has more than ${MAX_COLUMNS} columns`);
    columns.push(columnOf(field));
  }
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  // Of two columns with one name, programs take different ones.
  if (twice !== undefined)
    throw new AssayError('malformed', `has two columns ${quotedName(twice)}`, { hint: 'give each a name of its own' });
  return columns;
}

const HINT = 'write it as Parquet: dataset.to_parquet(...), or pyarrow.parquet.write_table(...)';

function columnOf(field: FbTable): ArrowColumn {
  const name = field.text(FIELD.name) ?? '';
  const type = typeOf(field, name);
  const encoding = field.table(FIELD.dictionary);
  if (encoding === undefined) return { name, type, dictionary: undefined };
  const given = encoding.table(ENCODING.index);
  const index = given === undefined ? ({ kind: 'int', bits: 32, signed: true } as const) : intOf(given, name);
  return { name, type, dictionary: { id: encoding.u64(ENCODING.id), index } };
}

function typeOf(field: FbTable, name: string): ArrowType {
  const kind = field.u8(FIELD.kind, 0);
  const type = field.table(FIELD.type);
  if (type === undefined) throw new AssayError('malformed', `the column ${quotedName(name)} has no type`);
  if (field.vector(FIELD.children, 4).length > 0) throw unsupported(name, OTHERS[kind] ?? 'nested');
  switch (kind) {
    case 1:
      return { kind: 'null' };
    case 2:
      return intOf(type, name);
    case 3: {
      const bits = FLOAT_BITS[type.u16(FIRST, 0)];
      if (bits === undefined) throw new AssayError('malformed', `the column ${quotedName(name)} has no precision`);
      return { kind: 'float', bits };
    }
    case 4:
      return { kind: 'binary', wide: false };
    case 5:
      return { kind: 'text', wide: false };
    case 6:
      return { kind: 'bool' };
    case 8:
      return { kind: type.u16(FIRST, MILLISECONDS) === MILLISECONDS ? 'date-ms' : 'date-days' };
    case 10: {
      const unit = UNITS[type.u16(FIRST, 0)];
      if (unit === undefined) throw new AssayError('malformed', `the column ${quotedName(name)} has no unit of time`);
      return { kind: 'timestamp', unit, zoned: (type.text(ZONE) ?? '') !== '' };
    }
    case 19:
      return { kind: 'binary', wide: true };
    case 20:
      return { kind: 'text', wide: true };
    default:
      throw unsupported(name, OTHERS[kind] ?? `number ${kind}`);
  }
}

function intOf(type: FbTable, name: string): ArrowType & { readonly kind: 'int' } {
  const bits = type.i32(INT.bits, 0);
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64)
    throw new AssayError('malformed', `the column ${quotedName(name)} has integers of ${bits} bits`);
  return { kind: 'int', bits, signed: type.u8(INT.signed, 0) !== 0 };
}

function unsupported(name: string, what: string): AssayError {
  return new AssayError(
    'unsupported',
    `the column ${quotedName(name)} is of the Arrow type ${what}, which is not read`,
    {
      hint: HINT,
    },
  );
}
