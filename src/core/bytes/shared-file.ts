/**
 * An open file that another thread of this process may read: the thread that opened it keeps it open, compares it, and closes
 * it.
 */
export interface SharedFile {
  readonly path: string;
  readonly fd: number;
  readonly size: number;
}
