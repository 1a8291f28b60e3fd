import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { SEVERITIES } from '../../../core/assessment/index.ts';
import { AssayError, parseBoundedJson } from '../../../core/index.ts';
import { compareReleases } from './releases.ts';

/** CWE-770: the shipped list is a hundredth of it. */
export const MAX_ADVISORY_BYTES = 1024 * 1024;
const BOUNDS = { maxBytes: MAX_ADVISORY_BYTES, maxDepth: 6, maxTokens: 200_000 };
const MAX_ADVISORIES = 5_000;

const VERSION = /^\d{1,9}(?:\.\d{1,9}){0,4}$/;
const text = (max: number) => v.pipe(v.string(), v.minLength(1, 'is empty'), v.maxLength(max, 'is too long'));
const version = v.pipe(v.string(), v.regex(VERSION, 'is not a version like 2.6.0'));
const words = (form: RegExp, what: string) =>
  v.pipe(v.array(v.pipe(v.string(), v.regex(form, what))), v.maxLength(20, 'has too many entries'));

const advisory = v.strictObject({
  id: v.pipe(
    v.string(),
    v.regex(/^(?:CVE-\d{4}-\d{4,7}|GHSA(?:-[0-9a-z]{4}){3}|[A-Z]{2,12}-[0-9A-Z-]{1,40})$/, 'is not an id'),
  ),
  aliases: v.exactOptional(words(/^[A-Za-z0-9-]{4,40}$/, 'is not an id')),
  /** As PyPI normalizes names. */
  library: v.pipe(
    v.string(),
    v.regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?|R)$/, 'is not a name of a library in lower case'),
  ),
  /** The first affected version; every one before `fixed`, when absent. */
  introduced: v.exactOptional(version),
  /** The first version that is safe. */
  fixed: version,
  title: text(300),
  severity: v.picklist(SEVERITIES, 'is not a severity'),
  /** Formats whose files it concerns, whatever they declare. */
  formats: v.exactOptional(words(/^[a-z0-9-]{1,40}$/, 'is not a format')),
  /** Rules whose findings it concerns. */
  rules: v.exactOptional(words(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'is not a rule')),
  /** Where the id and the range are from. */
  source: v.pipe(text(500), v.regex(/^https:\/\/[!-~]+$/, 'is not an https address')),
});
const list = v.strictObject({
  version: v.pipe(v.string(), v.regex(/^\d{4}\.\d{1,2}\.\d{1,3}$/, 'is not a version like 2026.11.1')),
  advisories: v.pipe(v.array(advisory), v.maxLength(MAX_ADVISORIES, 'has too many entries')),
});

export type LoaderAdvisory = v.InferOutput<typeof advisory>;

/** Advisories about libraries that load models. */
export interface LoaderAdvisories {
  readonly entries: readonly LoaderAdvisory[];
  /** Of a list that was given, `sha256:<hex>`; the ruleset has that of the shipped one. */
  readonly digest: string | undefined;
}

/**
 * Reads a list: JSON without unknown fields.
 * @param subject for messages
 * @throws AssayError `usage` naming the entry and its line
 */
export function parseAdvisories(bytes: Uint8Array, subject: string): LoaderAdvisories {
  const hint = 'docs/advisories.md shows the format of the list';
  const wrong = (message: string, cause?: unknown) => new AssayError('usage', message, { subject, hint, cause });
  let json: unknown;
  try {
    json = parseBoundedJson(bytes, subject, BOUNDS);
  } catch (cause) {
    throw wrong(`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const read = v.safeParse(list, json);
  if (!read.success) {
    const [issue] = read.issues;
    const path = v.getDotPath(issue) ?? '';
    const what = issue.message.startsWith('Invalid') ? 'does not fit the schema' : issue.message;
    throw wrong(`${lineOf(bytes, path)}${path === '' ? 'the list' : path} ${what}`);
  }
  const { advisories: entries } = read.output;
  const seen = new Set<string>();
  for (const [at, { id, library, introduced, fixed }] of entries.entries()) {
    const place = `${lineOf(bytes, `advisories.${at}`)}advisories.${at}`;
    if (seen.has(`${id} ${library}`)) throw wrong(`${place} has the id ${id} a second time for ${library}`);
    if (introduced !== undefined && compareReleases(introduced, fixed) >= 0)
      throw wrong(`${place} is introduced in ${introduced}, which is not before ${fixed}`);
    seen.add(`${id} ${library}`);
  }
  return { entries, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

/** `line 12: `, where the entry of a path begins; empty where that cannot be told. */
function lineOf(bytes: Uint8Array, path: string): string {
  const [, number] = /^advisories\.(\d+)/.exec(path) ?? [];
  if (number === undefined) return '';
  // Entries are the objects at depth 2; braces in strings do not count.
  const source = Buffer.from(bytes).toString('utf8');
  let [depth, entry, line, inString] = [0, -1, 1, false];
  for (let at = 0; at < source.length; at++) {
    const one = source[at];
    if (one === '\n') line++;
    else if (inString && one === '\\') at++;
    else if (one === '"') inString = !inString;
    else if (inString) continue;
    else if (one === '{' && ++depth === 2 && ++entry === Number(number)) return `line ${line}: `;
    else if (one === '}') depth--;
  }
  return '';
}
