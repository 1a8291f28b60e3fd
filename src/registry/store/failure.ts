import { isAssayError, systemCode } from '../../core/index.ts';
import { RegistryError } from '../registry-error.ts';

const UNIQUE = new Set(['23505', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY']);
/** A NUL in a text, a number out of bounds. */
const UNKEPT = new Set(['22021', '22003']);
/** PostgreSQL's insufficient_privilege. */
const FORBIDDEN = '42501';
/** Serialisation failures and deadlocks: nothing was done, and trying again may do. */
const REPEATABLE = new Set(['40001', '40P01']);
/** Of the system, and classes of PostgreSQL's own: connection, resources, operator intervention, authorisation, no database. */
const UNREACHABLE =
  /^(?:ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_|08|53|57|58|28|3D|SQLITE_(?:BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|CORRUPT|NOTADB))/;
const CLOSED =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not open|pool after calling end|destroyed/i;

/** Converts errors of a database to registry errors; every other error is a defect and stays unchanged. */
export function failureOf(error: unknown): unknown {
  if (error instanceof RegistryError || isAssayError(error) || !(error instanceof Error)) return error;
  const code = codeOf(error);
  if (UNKEPT.has(code))
    return new RegistryError('invalid', 'this contains a character that a database cannot store', { cause: error });
  if (code === FORBIDDEN) {
    return new RegistryError('forbidden', `the database refuses its user: ${error.message}`, {
      hint: 'grant it, or use another user of the database',
      cause: error,
    });
  }
  if (UNIQUE.has(code)) return new RegistryError('conflict', 'it already exists', { cause: error });
  if (UNREACHABLE.test(code) || CLOSED.test(error.message)) {
    const why = code === '' ? error.message : code;
    return new RegistryError('unavailable', `the database does not answer (${why})`, {
      hint: 'try again; check the database if the error persists',
      cause: error,
    });
  }
  return error;
}

export function isRepeatable(error: unknown): boolean {
  return error instanceof Error && REPEATABLE.has(codeOf(error));
}

function codeOf(error: Error): string {
  const own = systemCode(error);
  if (own !== undefined) return own;
  // Several addresses of one host were tried.
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first instanceof Error ? codeOf(first) : '';
}
