import type { Waiver } from '../../core/assessment/index.ts';
import { AssayError } from '../../core/index.ts';
import { isArtifactPath } from '../../core/reference/index.ts';
import { type Entry, YamlSource } from '../yaml-source.ts';
import { endOfWaiver } from './end.ts';

const FIELDS = ['rule', 'digest', 'file', 'reason', 'owner', 'expires'] as const;
type Field = (typeof FIELDS)[number];

/** CWE-770: a list that people maintain is smaller. */
const MAX_WAIVERS = 500;
const MAX_TEXT = 2000;

const RULE = /^[a-z0-9][a-z0-9._-]{0,99}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The fault of a field's text, as a predicate; `undefined` when it is valid. */
const FAULTS: Readonly<Record<Field, (text: string) => string | undefined>> = {
  rule: (text) => (RULE.test(text) ? undefined : 'is not the id of a rule; patterns are not supported'),
  digest: (text) => (DIGEST.test(text) ? undefined : 'is not a digest: sha256: and 64 hex digits in lower case'),
  file: (text) => (isArtifactPath(text) ? undefined : 'is not a path within an artifact'),
  reason: tooLong,
  owner: tooLong,
  expires: (text) =>
    Number.isNaN(endOfWaiver(text).getTime())
      ? 'is not a day like 2027-01-31, nor a time like 2027-01-31T12:00:00Z'
      : undefined,
};

/**
 * Reads a waiver file (YAML), strictly: no alias, no field that is not known, none that is missing but `file`.
 *
 *     version: 1
 *     waivers:
 *       - rule: pickle.global.unlisted
 *         digest: sha256:...            # of the artifact, as reports name it
 *         file: tokenizer.pkl           # the only file; all files, when absent
 *         reason: our own tokenizer class, reviewed in SEC-142
 *         owner: ml-platform@acme.example
 *         expires: 2027-01-31
 *
 * @param path for messages, and where each waiver says it comes from
 * @throws AssayError `usage` that names file, line and column
 */
export function parseWaivers(bytes: Uint8Array, path: string): Waiver[] {
  const source = new YamlSource(bytes, 'failsafe');
  const waivers = source.problems.length === 0 ? readDocument(source, path) : [];
  const [first] = [...source.problems].sort((a, b) => a.line - b.line || a.column - b.column);
  if (first === undefined) return waivers;
  const more = source.problems.length - 1;
  throw new AssayError('usage', more === 0 ? first.message : `${first.message} (and ${more} more)`, {
    subject: `${path}:${first.line}:${first.column}`,
    hint: first.hint ?? 'assay scan --help shows the format of a waiver',
  });
}

function readDocument(source: YamlSource, path: string): Waiver[] {
  const root = source.mapping(source.root, 'the waiver file', ['version', 'waivers']);
  if (root === undefined) return [];
  const version = root.get('version');
  if (version === undefined || source.text(version) !== '1') {
    source.report(version?.at ?? source.positionOf(source.root), 'the waiver file lacks version: 1');
  }
  const list = root.get('waivers');
  if (list === undefined) source.report(source.positionOf(source.root), 'the waiver file has no waivers');
  const items = source.list(list, Number.POSITIVE_INFINITY);
  if (list !== undefined && items.length > MAX_WAIVERS) {
    source.report(list.at, `there are more than ${MAX_WAIVERS} waivers`, 'remove the expired waivers');
    return [];
  }
  const seen = new Set<string>();
  return items.flatMap((node) => readWaiver(source, node, path, seen) ?? []);
}

function readWaiver(source: YamlSource, node: unknown, path: string, seen: Set<string>): Waiver | undefined {
  const at = source.positionOf(node);
  const entries = source.mapping(node, 'a waiver', FIELDS);
  if (entries === undefined) return undefined;
  const texts = new Map<Field, string>();
  for (const field of FIELDS) {
    const entry = entries.get(field);
    const text = entry === undefined ? undefined : checkedText(source, field, entry);
    if (text !== undefined) texts.set(field, text);
    else if (entry === undefined && field !== 'file') source.report(at, `a waiver has no ${field}`);
  }
  const [rule, digest, reason, owner, expires] = [
    texts.get('rule'),
    texts.get('digest'),
    texts.get('reason'),
    texts.get('owner'),
    texts.get('expires'),
  ];
  const file = texts.get('file');
  if (rule === undefined || digest === undefined || reason === undefined) return undefined;
  if (owner === undefined || expires === undefined || (entries.has('file') && file === undefined)) return undefined;
  const about = JSON.stringify([rule, digest, file]);
  if (seen.has(about)) return source.report(at, `${rule} is waived twice for the same digest`, 'keep one');
  seen.add(about);
  return { rule, digest, ...(file === undefined ? {} : { file }), reason, owner, expires, from: path };
}

function checkedText(source: YamlSource, field: Field, entry: Entry): string | undefined {
  const text = source.text(entry);
  if (text === undefined) return undefined;
  const fault = FAULTS[field](text);
  return fault === undefined ? text : source.report(entry.at, `its ${field} ${fault}`);
}

function tooLong(text: string): string | undefined {
  return text.length > MAX_TEXT ? `has more than ${MAX_TEXT} characters` : undefined;
}
