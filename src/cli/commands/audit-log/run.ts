import { readFile } from 'node:fs/promises';
import { all } from '../../../client/index.ts';
import { readSmallText } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import { readPublicKey } from '../../../integrity/envelope/index.ts';
import { readTrustFile } from '../../../integrity/trust-file/index.ts';
import type { AuditEntry } from '../../../registry/index.ts';
import { count, jsonText, paint, terminalText } from '../../../report/index.ts';
import { Refusal, withRegistry } from '../../registry/index.ts';
import { openSink, type Shell, wantsColor } from '../../terminal/index.ts';
import type { AuditListRequest, AuditVerifyRequest, KeptHead } from './request.ts';

/** CWE-770: what is kept until a file is written. */
const MAX_KEPT_BYTES = 512 * 1024 * 1024;

/** Writes entries as they come, the oldest first. */
export async function runAuditList(request: AuditListRequest, shell: Shell): Promise<void> {
  const { subject, since, format, output } = request;
  const sink = await openSink(output, shell);
  const color = output === undefined && wantsColor(shell.stdout, shell.env, request.color);
  await withRegistry(request.registry, shell, { verb: 'assay audit-log' }, async (registry) => {
    let bytes = 0;
    const filter = subject === undefined ? {} : { subject };
    for await (const entry of all((page) => registry.auditLog({ ...page, ...filter }))) {
      if (entry.seq <= since) continue;
      const line = format === 'jsonl' ? `${JSON.stringify(entry)}\n` : entryText(entry, color);
      bytes += line.length;
      if (output !== undefined && bytes > MAX_KEPT_BYTES) {
        const hint = 'leave out --output, and redirect stdout';
        throw new AssayError('limit', 'the log is too large for --output', { hint });
      }
      sink.write(line);
    }
    await sink.commit();
  });
}

/** Two lines: who did what to what, and what else is to be said of it. */
function entryText({ seq, at, actor, action, subject, detail }: AuditEntry, color: boolean): string {
  const done = color ? paint('bold', terminalText(action)) : terminalText(action);
  const more = Object.entries(detail).map(([key, value]) => {
    return `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
  });
  const number = String(seq).padStart(6);
  const first = `${number}  ${terminalText(at)}  ${done}  ${terminalText(subject)}  by ${terminalText(actor)}\n`;
  return more.length === 0 ? first : `${first}        ${terminalText(more.join('  '), MAX_DETAIL)}\n`;
}

const MAX_DETAIL = 1000;

/** Says whether the log holds, and records the exit code. */
export async function runAuditVerify(
  { registry: flags, since, format, quiet }: AuditVerifyRequest,
  shell: Shell,
): Promise<void> {
  const kept = since === undefined ? undefined : await headOf(since);
  await withRegistry(flags, shell, { verb: 'assay audit-log verify' }, async (registry) => {
    const verdict = await registry.verifyAuditLog(kept);
    if (format === 'json') shell.stdout.write(`${jsonText({ schemaVersion: '1', ...verdict }, 2)}\n`);
    if (verdict.kind === 'broken') {
      throw new Refusal(`the audit log is broken at entry ${verdict.seq}: ${verdict.why}`, {
        subject: registry.name,
        hint: 'restore the registry from a backup, and find out who changed it',
      });
    }
    const { entries, head } = verdict;
    if (format === 'table' && !quiet) {
      shell.stdout.write(`INTACT ${count(entries, 'entry', 'entries')}, the last is ${head.seq}: ${head.hash}\n`);
    }
  });
}

/** @throws AssayError for a snapshot that cannot be read, or that the key did not sign: also for one that has ended */
async function headOf(kept: KeptHead): Promise<{ readonly seq: number; readonly hash: string }> {
  if (kept.kind === 'text') return { seq: kept.seq, hash: kept.hash };
  const { openDocument, isSnapshotError } = await import('../../../snapshot/index.ts');
  const text = await readSmallText(kept.key, '--snapshot-key');
  const trust = text.includes('-----BEGIN ') ? readPublicKey(text, kept.key) : await readTrustFile(kept.key);
  const bytes = await readFile(kept.file).catch((cause: unknown) => {
    throw new AssayError('unreadable', 'cannot be read', { subject: kept.file, hint: 'check the path', cause });
  });
  try {
    const { seq, hash } = openDocument(bytes, { trust, now: new Date() }).auditHead;
    return { seq, hash };
  } catch (cause) {
    if (!isSnapshotError(cause)) throw cause;
    const hint = 'give the public key of who signed it';
    throw new AssayError('mismatch', `is not a snapshot of this key: ${cause.message}`, {
      subject: kept.file,
      hint,
      cause,
    });
  }
}
