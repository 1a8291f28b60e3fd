import { setTimeout as pause } from 'node:timers/promises';
import { formerPolicies } from './former.ts';
import { type WriteOptions, writeWith } from './write.ts';
import { SnapshotWriter, type WrittenSnapshot } from './writer.ts';

export interface SnapshotWatchOptions {
  readonly signal: AbortSignal;
  /** The interval of checks of the head of the audit log, in milliseconds. */
  readonly pollMs: number;
  /** The inputs of the writer, read before each check, so that a new policy or trust file counts at once. */
  readonly options: () => Promise<WriteOptions>;
  readonly onWritten: (written: WrittenSnapshot) => void;
  /** A failure that may be transient: the database is unavailable, or the log does not match. The last snapshot remains. */
  readonly onFailure: (error: unknown) => void;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Writes a snapshot, and another one after each decision, each expiry, and a quarter of the validity of the last one, a day at
 * most. Ends when `signal` fires.
 */
export async function watchSnapshot({
  signal,
  pollMs,
  options,
  onWritten,
  onFailure,
}: SnapshotWatchOptions): Promise<void> {
  let current: { readonly options: WriteOptions; readonly writer: SnapshotWriter } | undefined;
  let ruled: Pick<Required<WriteOptions>, 'rules' | 'former'> | undefined;
  let dueAt = 0;
  while (!signal.aborted) {
    try {
      const given = await options();
      const now = given.now?.() ?? new Date();
      const isSame = current !== undefined && current.options === given;
      if (current === undefined || !isSame) {
        const { rules } = given;
        const former = ruled === undefined ? [] : formerPolicies(ruled, rules, now);
        ruled = { rules, former };
        current = { options: given, writer: new SnapshotWriter({ ...given, former }) };
      }
      if (!isSame || now.getTime() >= dueAt || (await current.writer.hasChanged())) {
        const written = await writeWith(current.writer, given);
        const { issued, expires } = written.document;
        dueAt = now.getTime() + Math.min(DAY, (Date.parse(expires) - Date.parse(issued)) / 4);
        onWritten(written);
      }
    } catch (error) {
      // Read again next time: who knows what was read halfway.
      current = undefined;
      onFailure(error);
    }
    await pause(pollMs, undefined, { signal, ref: true }).catch(() => {});
  }
}
