import { createHash, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { writeWhole } from '../../core/bytes/index.ts';
import { AssayError, codeOrText, isAssayError, parseBoundedJson } from '../../core/index.ts';
import { isSnapshotError, openDocument, SNAPSHOT_LIMITS } from '../../snapshot/index.ts';
import type { Previous } from './writer.ts';

const state = v.strictObject({
  format: v.literal(1),
  tenant: v.string(),
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  auditHead: v.strictObject({
    seq: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
});
const BOUNDS = { maxBytes: 64 * 1024, maxDepth: 4, maxTokens: 100 };

/**
 * The state file beside the snapshot: what the writer has signed so far, so that versions increase and the log is never rolled
 * back.
 */
export function statePath(output: string): string {
  return `${output}.state.json`;
}

/**
 * What was written before for a tenant: the newer one of the state and of the snapshot that lies there.
 * @param key the public half of the writer's key
 * @throws AssayError `usage` for a snapshot of another tenant or of somebody else; `malformed`, `unreadable`
 */
export async function readPrevious(output: string, tenant: string, key: KeyObject): Promise<Previous | undefined> {
  const kept = await readState(statePath(output), tenant);
  const signed = await readSigned(output, tenant, key, kept !== undefined);
  if (kept === undefined || signed === undefined) return kept ?? signed;
  return signed.version > kept.version ? signed : kept;
}

/** Written before the snapshot itself: a version number that was never published is skipped, never used twice. */
export async function keepState(output: string, tenant: string, { version, auditHead }: Previous): Promise<void> {
  const { seq, hash } = auditHead;
  const text = JSON.stringify({ format: 1, tenant, version, auditHead: { seq, hash } } satisfies v.InferInput<
    typeof state
  >);
  await replaceFile(statePath(output), Buffer.from(`${text}\n`));
}

/** Puts a file in place, whole or not at all, and on the disk. @throws AssayError `unreadable` */
export async function replaceFile(path: string, bytes: Buffer, mode = 0o644): Promise<void> {
  try {
    await writeWhole(path, bytes, mode);
  } catch (cause) {
    const hint = 'check its permissions and the space left, or name another file';
    throw new AssayError('unreadable', `cannot be written (${codeOrText(cause)})`, { subject: path, hint, cause });
  }
}

/** `sha256:<hex>` of a trust file, as snapshots name it. */
export async function digestOfTrust(path: string): Promise<string> {
  return `sha256:${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
}

async function readState(path: string, tenant: string): Promise<Previous | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const hint =
    'remove it to start again: webhooks then refuse the snapshot until its version is higher than the last accepted one';
  const read = v.safeParse(state, parsed(bytes, path, hint));
  if (!read.success) throw new AssayError('malformed', 'is not a state of a snapshot', { subject: path, hint });
  if (read.output.tenant === tenant) return read.output;
  throw otherTenant(path, read.output.tenant, tenant);
}

function parsed(bytes: Buffer, path: string, hint: string): unknown {
  try {
    return parseBoundedJson(bytes, path, BOUNDS);
  } catch (cause) {
    if (!isAssayError(cause)) throw cause;
    throw new AssayError(cause.code, cause.message, { subject: path, hint, cause });
  }
}

async function readSigned(
  output: string,
  tenant: string,
  key: KeyObject,
  mayFail: boolean,
): Promise<Previous | undefined> {
  const bytes = await readIfThere(output);
  if (bytes === undefined) return undefined;
  try {
    const { tenant: own, version, auditHead } = openDocument(bytes, { trust: key, now: new Date() });
    if (own !== tenant) throw otherTenant(output, own, tenant);
    return { version, auditHead };
  } catch (cause) {
    // After a change of keys, the state alone knows what was signed.
    if (!isSnapshotError(cause) || mayFail) {
      if (isSnapshotError(cause)) return undefined;
      throw cause;
    }
    const hint = 'name another file, or remove it';
    throw new AssayError('usage', `is not a snapshot of this key: ${cause.message}`, { subject: output, hint, cause });
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= SNAPSHOT_LIMITS.maxBytes) return bytes;
    throw new AssayError('limit', `has more than ${SNAPSHOT_LIMITS.maxBytes} bytes`, {
      subject: path,
      hint: 'name another file',
    });
  } catch (cause) {
    if (isAssayError(cause)) throw cause;
    if (codeOrText(cause) === 'ENOENT') return undefined;
    throw new AssayError('unreadable', `cannot be read (${codeOrText(cause)})`, {
      subject: path,
      hint: 'check the path',
      cause,
    });
  }
}

function otherTenant(subject: string, own: string, tenant: string): AssayError {
  const hint = 'name another file, or its tenant';
  return new AssayError('usage', `belongs to the tenant "${own}", not to "${tenant}"`, { subject, hint });
}
