import { AssayError, closest, quotedName } from '../../core/index.ts';
import { type ColumnRole, type Feature, type FeatureKind, ROLE_OPTIONS } from '../detectors/index.ts';

/** Roles that one column has. */
type SingleRole = Exclude<ColumnRole, 'features' | 'event-time'>;

/** Which columns were named, by what they are. */
export interface ColumnChoice extends Readonly<Partial<Record<SingleRole, string>>> {
  /** Columns of times at which what a row tells became known. */
  readonly eventTimes?: readonly string[];
}

export interface TableColumn {
  readonly name: string;
  /** As the engine names it. */
  readonly type: string;
}

export interface ChosenColumn extends TableColumn {
  readonly role: ColumnRole;
}

export interface ChosenColumns {
  readonly chosen: readonly ChosenColumn[];
  readonly features: readonly Feature[];
}

const MAX_COLUMNS = 2_000;
const SINGLE_ROLES: readonly SingleRole[] = [
  'label',
  'text',
  'time',
  'source',
  'id',
  'split',
  'url',
  'hash',
  'downloaded-hash',
];

/**
 * Finds the named columns; the others are features.
 * @param subject the file, for messages
 * @throws AssayError `usage` for a column that is missing, or named twice, with the nearest names; `limit`
 */
export function chooseColumns(columns: readonly TableColumn[], choice: ColumnChoice, subject: string): ChosenColumns {
  if (columns.length > MAX_COLUMNS)
    throw new AssayError('limit', `has ${columns.length} columns, more than ${MAX_COLUMNS}`, { subject });
  const named: [ColumnRole, string, string][] = [];
  for (const role of SINGLE_ROLES) {
    const name = choice[role];
    if (name !== undefined) named.push([role, ROLE_OPTIONS[role], name]);
  }
  for (const name of choice.eventTimes ?? []) named.push(['event-time', ROLE_OPTIONS['event-time'], name]);
  const chosen = named.map(([role, option, name]): ChosenColumn => {
    const column = columns.find((one) => one.name === name);
    if (column === undefined) throw missing(option, name, columns, subject);
    return { ...column, role };
  });
  const twice = named.find(([, , name], i) => named.findIndex((one) => one[2] === name) !== i);
  if (twice !== undefined)
    throw new AssayError('usage', `names the column ${quotedName(twice[2])}, which another option names, too`, {
      subject: twice[1],
      hint: 'name each column once',
    });
  const taken = new Set(named.map(([, , name]) => name));
  const features = columns
    .filter(({ name }) => !taken.has(name))
    .map((column, i): Feature => ({ ...column, key: `f${i}`, kind: kindOf(column.type) }));
  return { chosen, features };
}

const MAX_NAMED = 12;

function missing(option: string, name: string, columns: readonly TableColumn[], subject: string): AssayError {
  const names = columns.map((one) => one.name);
  const near = closest(name, names);
  const all = names.slice(0, MAX_NAMED).map(quotedName).join(', ');
  const hint =
    near.length > 0
      ? `did you mean ${near.map(quotedName).join(' or ')}?`
      : `its columns are ${all}${names.length > MAX_NAMED ? ', ...' : ''}`;
  return new AssayError('usage', `has no column ${quotedName(name)} (${option})`, { subject, hint });
}

function kindOf(type: string): FeatureKind {
  if (/^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(type)) return 'number';
  if (/^(?:BOOLEAN|VARCHAR|UUID|ENUM\(.*\))$/.test(type)) return 'category';
  return /^(?:DATE|TIMESTAMP.*)$/.test(type) ? 'time' : 'other';
}
