import { setTimeout as pause } from 'node:timers/promises';
import { formerPolicies } from './former.ts';
import { type WriteOptions, writeWith } from './write.ts';
import { SnapshotWriter, type WrittenSnapshot } from './writer.ts';

export interface SnapshotWatchOptions {
  readonly signal: AbortSignal;
  /** Between two looks at the head of the audit log, milliseconds. */
  readonly pollMs: number;
  /** What to write with: asked before each look, so that another policy or trust file counts at once. */
  readonly options: () => Promise<WriteOptions>;
  readonly onWritten: (written: WrittenSnapshot) => void;
  /** Something failed that may pass: the database is away, the log is not what it was. The last snapshot stays. */
  readonly onFailure: (error: unknown) => void;
}

const DAY = 24 * 60 * 60 * 1000;

/**
 * Writes a snapshot, and another one whenever something was decided, has ended, or the last one has been used for a quarter of
 * its time, a day at most. Ends when `signal` fires.
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
