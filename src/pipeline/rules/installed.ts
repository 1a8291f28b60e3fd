import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { FileSource, writeWhole } from '../../core/bytes/index.ts';
import { AssayError, codeOrText, isAssayError, isFileMissing, parseBoundedJson, version } from '../../core/index.ts';
import { decodeBase64, isSignatureError, readPublicKey } from '../../integrity/envelope/index.ts';
import {
  BUILT_IN_LISTS,
  compareVersions,
  listsWith,
  MAX_RULES_BYTES,
  parseRuleBundle,
  RULESET_VERSION,
  type RuleBundle,
  type RuleLists,
} from '../../scan/lists/index.ts';
import { checkBundle } from '../../scan/rules/index.ts';
import type { ChosenLists } from './chosen.ts';
import { openRules } from './signature.ts';

/** Payload and bundle each take four thirds in base64, and the rest is small. */
export const MAX_BUNDLE_BYTES = MAX_RULES_BYTES * 2;
const BOUNDS = { maxBytes: MAX_BUNDLE_BYTES * 2, maxDepth: 4, maxTokens: 100 };

const receipt = v.strictObject({
  format: v.literal(1),
  /** Of `bundle`. */
  sha256: v.string(),
  /** The bundle as it came, in base64: the signature is verified again whenever it is used. */
  bundle: v.string(),
  /** PEM: the key of the trusted signer. */
  key: v.string(),
  /** Where it came from, for people. */
  from: v.string(),
  installed: v.string(),
});
export type Receipt = v.InferOutput<typeof receipt>;

export interface InstalledRules {
  readonly receipt: Receipt;
  readonly bundle: RuleBundle;
  readonly lists: RuleLists;
  /** Older than the built-in rules, which are used instead. */
  readonly isOutdated: boolean;
}

const HINT_ENDED =
  'install newer ones (assay rules update), remove them (assay rules remove), or scan with --ruleset builtin';
const HINT_BROKEN = 'remove them (assay rules remove) and install them again, or scan with --ruleset builtin';

/** The lists for a scan with installed rules. @throws AssayError as `readInstalled` */
export async function installedLists(path: string, now: Date): Promise<ChosenLists> {
  const { bundle, lists, isOutdated } = await readInstalled(path, now);
  if (!isOutdated) return { lists, notes: [] };
  const notes = [
    `the installed rules ${bundle.version} are older than the built-in rules; the built-in rules were used`,
  ];
  return { lists: BUILT_IN_LISTS, notes };
}

/**
 * Reads installed rules as untrusted input: checks their digest, signature, expiry and content.
 * @throws AssayError `mismatch` when they are not those that were installed; `usage` for rules that have expired or weaken
 * protection; `malformed`, `unreadable`, `not-found`, `limit`
 */
export async function readInstalled(path: string, now: Date): Promise<InstalledRules> {
  const signed = await readSigned(path);
  const { receipt, bundle, payload } = signed;
  hinted(path, HINT_ENDED, () => checkBundle(bundle, path, { now, program: version() }));
  const lists = listsWith(bundle, `sha256:${hexOf(payload)}`);
  return { receipt, bundle, lists, isOutdated: compareVersions(bundle.version, RULESET_VERSION) < 0 };
}

export interface SignedInstalled {
  readonly receipt: Receipt;
  readonly bundle: RuleBundle;
  readonly payload: Buffer;
}

/**
 * The same for expired rules as well: an update must be newer than these.
 * @throws AssayError `mismatch`, `malformed`, `unreadable`, `not-found`, `limit`
 */
export async function readSigned(path: string): Promise<SignedInstalled> {
  const record = receiptOf(await readBounded(path, BOUNDS.maxBytes), path);
  const bytes = decodeBase64(record.bundle);
  if (bytes === undefined || hexOf(bytes) !== record.sha256) {
    const message = 'the installed rules were changed after their installation';
    throw new AssayError('mismatch', message, { subject: path, hint: HINT_BROKEN });
  }
  return hinted(path, HINT_BROKEN, () => {
    const { payload } = openRules(bytes, path, [readPublicKey(record.key, path)]);
    return { receipt: record, bundle: parseRuleBundle(payload, path), payload };
  });
}

/** The hint for a fault of an installed bundle differs from that for a new bundle. */
function hinted<T>(path: string, hint: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isSignatureError(error)) {
      const message = `the signature of the installed rules is not valid: ${error.message}`;
      throw new AssayError('mismatch', message, { subject: path, hint, cause: error });
    }
    if (!isAssayError(error)) throw error;
    throw new AssayError(error.code, error.message, { subject: path, hint, cause: error });
  }
}

function receiptOf(bytes: Uint8Array, path: string): Receipt {
  const json = hinted(path, HINT_BROKEN, () => parseBoundedJson(bytes, path, BOUNDS));
  const read = v.safeParse(receipt, json);
  if (read.success) return read.output;
  throw new AssayError('malformed', 'holds no installed rules', { subject: path, hint: HINT_BROKEN });
}

/** A file of at most `max` bytes, whole. */
export async function readBounded(path: string, max: number): Promise<Uint8Array> {
  const source = await FileSource.open(path);
  try {
    if (source.size > max) throw new AssayError('limit', `has more than ${max} bytes`, { subject: path });
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

/** Writes the installed rules atomically; only their owner may read or change them. @throws AssayError `unreadable` */
export async function writeInstalled(path: string, record: Omit<Receipt, 'format' | 'sha256'>): Promise<void> {
  const sha256 = hexOf(decodeBase64(record.bundle) ?? Buffer.alloc(0));
  const text = `${JSON.stringify({ format: 1, sha256, ...record } satisfies Receipt)}\n`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeWhole(path, text, 0o600);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** @returns whether there was anything to remove. @throws AssayError `unreadable` */
export async function removeInstalled(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (cause) {
    if (isFileMissing(cause)) return false;
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): AssayError {
  const code = codeOrText(cause);
  const hint = 'check its permissions and the free disk space, or set ASSAY_HOME';
  return new AssayError('unreadable', `cannot be written (${code})`, { subject: path, hint, cause });
}

function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
