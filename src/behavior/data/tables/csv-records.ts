import { AssayError } from '../../../core/index.ts';

/** A record of a CSV file, and the line that it starts on, counted from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

const MAX_FIELDS = 10_000;
const [QUOTE, COMMA, CR, LF] = ['"', ',', '\r', '\n'];
/** What ends a field that is not quoted. */
const ENDS = /[",\r\n]/g;

/**
 * The records of a CSV file (RFC 4180): commas, double quotes, and lines that end with CRLF or LF. What programs read in different
 * ways is refused: a quote within a field that is not quoted, text behind a closing quote, a lone CR, a NUL.
 * @throws AssayError `malformed` naming the line; `limit`
 */
export function* csvRecords(text: string): Generator<CsvRecord> {
  const nul = text.indexOf('\0');
  if (nul >= 0) throw bad(lineAt(text, nul), 'has a NUL character');
  let [at, line] = [0, 1];
  while (at < text.length) {
    const start = line;
    const fields: string[] = [];
    for (;;) {
      if (fields.length >= MAX_FIELDS)
        throw new AssayError('limit', `has more than ${MAX_FIELDS} fields in line ${line}`);
      const isQuoted = text[at] === QUOTE;
      const end = isQuoted ? closingQuote(text, at, line) : endOfPlain(text, at);
      const raw = isQuoted ? text.slice(at + 1, end - 1) : text.slice(at, end);
      fields.push(isQuoted ? raw.replaceAll('""', '"') : raw);
      if (isQuoted) line += newlines(raw);
      at = end;
      const next = text[at];
      if (next === COMMA) {
        at++;
        continue;
      }
      if (next === QUOTE) throw bad(line, 'has a quote within a field that is not quoted');
      if (next === CR && text[at + 1] !== LF) throw bad(line, 'has a CR without LF');
      if (next !== undefined && next !== CR && next !== LF) throw bad(line, 'has text behind a closing quote');
      at += next === CR ? 2 : 1;
      line++;
      break;
    }
    yield { line: start, fields };
  }
}

function endOfPlain(text: string, from: number): number {
  ENDS.lastIndex = from;
  return ENDS.exec(text)?.index ?? text.length;
}

/** The offset behind the quote that closes the field at `from`. */
function closingQuote(text: string, from: number, line: number): number {
  for (let at = text.indexOf(QUOTE, from + 1); at >= 0; at = text.indexOf(QUOTE, at + 2)) {
    if (text[at + 1] !== QUOTE) return at + 1;
  }
  throw bad(line, 'opens a quote that never closes');
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf(LF); at >= 0; at = text.indexOf(LF, at + 1)) count++;
  return count;
}

function lineAt(text: string, offset: number): number {
  return 1 + newlines(text.slice(0, offset));
}

function bad(line: number, what: string): AssayError {
  return new AssayError('malformed', `${what} (line ${line})`, {
    hint: 'write it as RFC 4180 says, quoting such fields',
  });
}
