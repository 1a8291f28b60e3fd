/**
 * What differs between SQL engines, and nowhere else: how names and texts are quoted, how parameters are named, and a few functions.
 * The statements of `detectors/sql` use these functions, standard SQL, and nothing that one engine has alone.
 */
export interface SqlDialect {
  readonly name: string;
  /** A name of a table or column, whatever it holds. */
  readonly identifier: (name: string) => string;
  /** A text, whatever it holds. */
  readonly literal: (text: string) => string;
  /** `:name` in a statement, as the engine writes it. */
  readonly parameter: (name: string) => string;
  /** Statements that define the functions that the detectors use. */
  readonly functions: readonly string[];
}

export const DUCKDB: SqlDialect = {
  name: 'duckdb',
  identifier: (name) => `"${name.replaceAll('"', '""')}"`,
  literal: (text) => `'${text.replaceAll("'", "''")}'`,
  parameter: (name) => `$${name}`,
  functions: [
    // 64 hex digits.
    'CREATE MACRO digest_of(x) AS sha256(x)',
    // A whole number from 0 up to 2^31, the same on every machine.
    "CREATE MACRO hash_of(x) AS CAST('0x' || substr(md5(x), 1, 7) AS BIGINT)",
    // Patterns of RE2.
    'CREATE MACRO matches(x, pattern) AS regexp_matches(x, pattern)',
    "CREATE MACRO removed(x, pattern) AS regexp_replace(x, pattern, '', 'g')",
    // The words of a text, in lower case, as a list.
    "CREATE MACRO words_of(x) AS regexp_split_to_array(trim(regexp_replace(lower(x), '[^\\pL\\pN]+', ' ', 'g')), ' ')",
    'CREATE MACRO seconds_of(x) AS epoch(x)',
    'CREATE MACRO length_of(x) AS length(x)',
    // The text of a value of JSON, without quotes around a string.
    "CREATE MACRO plain_of(x) AS json_extract_string(x, '$')",
    'CREATE MACRO size_of(x) AS len(x)',
    "CREATE MACRO host_of(x) AS lower(regexp_extract(x, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*)', 1))",
    // Hashes of the word triples of a text.
    "CREATE MACRO triples_of(words) AS list_transform(range(1, greatest(len(words) - 2, 1) + 1), lambda i: hash_of(concat_ws(' ', words[i], words[i + 1], words[i + 2])))",
    // 32 numbers: the least of each of 32 linear functions of the hashes.
    'CREATE MACRO signature_of(hashes) AS list_transform(range(1, 33), lambda k: list_min(list_transform(hashes, lambda v: (v * (1 + (k * 1103515245) % 2147483646) + k * 12345701) % 2147483647)))',
    "CREATE MACRO band_of(x, b) AS concat_ws('-', x[4 * b + 1], x[4 * b + 2], x[4 * b + 3], x[4 * b + 4])",
    'CREATE MACRO alike_of(x, y) AS list_sum(list_transform(range(1, 33), lambda i: CASE WHEN x[i] = y[i] THEN 1 ELSE 0 END))',
  ],
};

const COMMENT = /--[^\n]*$/gm;
/** A name after a colon that does not follow another. */
const PARAMETER = /(?<![:\w]):([a-z_]+)/g;

/** A statement of a file, as an engine takes it. Never of one with text of the data in it, which may look like a comment or a parameter. */
export function inDialect(statement: string, { parameter }: SqlDialect): string {
  return statement
    .replace(COMMENT, '')
    .replace(PARAMETER, (_, name: string) => parameter(name))
    .trim();
}
