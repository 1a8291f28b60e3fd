import { AssayError, quotedName } from '../../core/index.ts';

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
  /** The type of texts. */
  readonly text: string;
  /** A field of a column that is a structure. */
  readonly field: (column: string, name: string) => string;
  /** The number of a row within the file that it is read from, from 1 on. */
  readonly rowNumber: string;
  /** Statements that define the functions that the detectors use. */
  readonly functions: readonly string[];
}

export const DUCKDB: SqlDialect = {
  name: 'duckdb',
  identifier: (name) => `"${name.replaceAll('"', '""')}"`,
  literal: (text) => `'${text.replaceAll("'", "''")}'`,
  parameter: (name) => `$${name}`,
  text: 'VARCHAR',
  field: (column, name) => `struct_extract(${column}, '${name}')`,
  rowNumber: 'row_number() OVER ()',
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
    'CREATE MACRO time_of(x) AS CAST(to_timestamp(x) AS TIMESTAMP)',
    'CREATE MACRO is_finite(x) AS isfinite(x)',
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

/** Characters of a name that the shell of Spark takes for itself, also between quotes. */
const NAME = /^(?!.*--)[\p{L}\p{N}_ .:()/-]{1,255}$/u;
/** Characters of a text that a literal of Spark holds as they are. */
const PLAIN = /^[^'"`\\;!\p{Cc}\u2028\u2029]*$/u;
const TRIPLE = "concat_ws(' ', get(words, i), get(words, i + 1), get(words, i + 2))";
const PATTERN = "regexp_replace(pattern, '\\\\p\\{(Han|Hebrew|Arabic|Syriac|Thaana|Nko)\\}', '\\\\p{Is$1}')";
const hashOf = (text: string) => `CAST(conv(substr(md5(${text}), 1, 7), 16, 10) AS BIGINT)`;

/** Spark SQL 4, with texts as they stand (`spark.sql.parser.escapedStringLiterals`). Parameters are variables of the session. */
export const SPARK: SqlDialect = {
  name: 'spark',
  identifier: (name) => {
    if (NAME.test(name)) return `\`${name}\``;
    throw new AssayError('unsupported', `has a column ${quotedName(name)}, whose name the shell of Spark splits`, {
      hint: 'give it a name of letters, digits, spaces and _ . : ( ) / -, or leave out --engine spark',
    });
  },
  literal: (text) => {
    if (PLAIN.test(text)) return `'${text}'`;
    return `decode(unhex('${Buffer.from(text, 'utf8').toString('hex')}'), 'UTF-8')`;
  },
  parameter: (name) => `session.p_${name}`,
  text: 'STRING',
  field: (column, name) => `${column}.${name}`,
  rowNumber: '_metadata.row_index + 1',
  functions: [
    'CREATE TEMPORARY FUNCTION digest_of(x BINARY) RETURNS STRING RETURN sha2(x, 256)',
    `CREATE TEMPORARY FUNCTION hash_of(x STRING) RETURNS BIGINT RETURN ${hashOf('x')}`,
    // Java names scripts otherwise than RE2.
    `CREATE TEMPORARY FUNCTION matches(x STRING, pattern STRING) RETURNS BOOLEAN RETURN regexp_like(x, ${PATTERN})`,
    `CREATE TEMPORARY FUNCTION removed(x STRING, pattern STRING) RETURNS STRING RETURN regexp_replace(x, ${PATTERN}, '')`,
    "CREATE TEMPORARY FUNCTION words_of(x STRING) RETURNS ARRAY<STRING> RETURN split(trim(regexp_replace(lower(x), '[^\\pL\\pN]+', ' ')), ' ')",
    'CREATE TEMPORARY FUNCTION seconds_of(x TIMESTAMP) RETURNS DOUBLE RETURN CAST(unix_micros(x) AS DOUBLE) / 1e6',
    'CREATE TEMPORARY FUNCTION time_of(x DOUBLE) RETURNS TIMESTAMP RETURN CAST(x AS TIMESTAMP)',
    "CREATE TEMPORARY FUNCTION is_finite(x DOUBLE) RETURNS BOOLEAN RETURN x IS NOT NULL AND NOT isnan(x) AND abs(x) < CAST('Infinity' AS DOUBLE)",
    'CREATE TEMPORARY FUNCTION length_of(x STRING) RETURNS INT RETURN char_length(x)',
    'CREATE TEMPORARY FUNCTION plain_of(x STRING) RETURNS STRING RETURN x',
    'CREATE TEMPORARY FUNCTION size_of(x ARRAY<STRING>) RETURNS INT RETURN size(x)',
    "CREATE TEMPORARY FUNCTION host_of(x STRING) RETURNS STRING RETURN lower(regexp_extract(x, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*)', 1))",
    // Functions within functions over lists are written out: Spark takes no SQL function there.
    `CREATE TEMPORARY FUNCTION triples_of(words ARRAY<STRING>) RETURNS ARRAY<BIGINT> RETURN transform(sequence(0, greatest(size(words) - 3, 0)), i -> ${hashOf(TRIPLE)})`,
    'CREATE TEMPORARY FUNCTION signature_of(hashes ARRAY<BIGINT>) RETURNS ARRAY<BIGINT> RETURN transform(sequence(CAST(1 AS BIGINT), CAST(32 AS BIGINT)), k -> array_min(transform(hashes, v -> (v * (1 + (k * 1103515245) % 2147483646) + k * 12345701) % 2147483647)))',
    "CREATE TEMPORARY FUNCTION band_of(x ARRAY<BIGINT>, b INT) RETURNS STRING RETURN concat_ws('-', CAST(slice(x, 4 * b + 1, 4) AS ARRAY<STRING>))",
    'CREATE TEMPORARY FUNCTION alike_of(x ARRAY<BIGINT>, y ARRAY<BIGINT>) RETURNS INT RETURN aggregate(zip_with(x, y, (a, b) -> CASE WHEN a = b THEN 1 ELSE 0 END), 0, (s, v) -> s + v)',
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
