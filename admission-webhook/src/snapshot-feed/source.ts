/** What came of asking a source. */
export type Fetched =
  /** The same as the one that `mark` names. */
  | { readonly kind: 'unchanged' }
  /** The bytes are in the file. `mark` names them the next time; `null`: they cannot be told from others. */
  | { readonly kind: 'fetched'; readonly mark: string | null };

/** Where snapshots come from. Nothing of what it gives is believed. */
export interface SnapshotSource {
  /** Address, without credentials. */
  readonly from: string;
  /**
   * Writes the newest one to `path`, unless it is the one that `mark` names.
   * @throws AssayError, KubeError: it cannot be had now
   */
  fetch(mark: string | null, path: string, signal: AbortSignal): Promise<Fetched>;
  /** Calls `nudge` when a newer one may be there, until the signal fires. Who never does is asked by the clock alone. */
  watch(nudge: () => void, signal: AbortSignal): void;
}
