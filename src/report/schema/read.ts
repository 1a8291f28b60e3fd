import { AssayError, isAssayError, parseBoundedJson } from '../../core/index.ts';
import { check, type Schema } from '../../core/schema/index.ts';
import { SCHEMA_VERSION } from './version.ts';

const HINT = 'give a report that assay scan --format json wrote';

/**
 * Reads the properties that a schema names from a stored JSON report. Other properties are ignored: a newer program may write
 * more.
 *
 * @param name of the file, for messages
 * @throws AssayError `malformed`, `unsupported` (of another version), `limit`
 */
export function readReportParts<T>(schema: Schema<T>, bytes: Uint8Array, name: string): T {
  const document = parseDocument(bytes, name);
  checkVersion(document, name);
  const checked = check(schema.answer, document);
  if ('value' in checked) return checked.value;
  const [{ pointer, message }] = checked.invalid;
  throw new AssayError('malformed', `is not a report of version ${SCHEMA_VERSION}: ${placeOf(pointer)} ${message}`, {
    subject: name,
    hint: HINT,
  });
}

function parseDocument(bytes: Uint8Array, name: string): unknown {
  try {
    return parseBoundedJson(bytes, name);
  } catch (error) {
    if (!isAssayError(error) || error.code !== 'malformed') throw error;
    throw new AssayError('malformed', error.message, { subject: name, hint: `${HINT}, one report`, cause: error });
  }
}

function checkVersion(document: unknown, name: string): void {
  const version =
    typeof document === 'object' && document !== null && 'schemaVersion' in document
      ? document.schemaVersion
      : undefined;
  if (version === SCHEMA_VERSION) return;
  if (typeof version !== 'string') {
    throw new AssayError('malformed', 'is not a report: it has no schemaVersion', { subject: name, hint: HINT });
  }
  throw new AssayError('unsupported', `is a report of version ${version}; this assay reads version ${SCHEMA_VERSION}`, {
    subject: name,
    hint: 'use the version of assay that wrote it, or scan again',
  });
}

/** `/findings/1/severity` is the place `findings.1.severity`. */
function placeOf(pointer: string): string {
  return pointer === '' ? 'it' : pointer.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
}
