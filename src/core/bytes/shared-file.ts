/** An open file as another thread of this process may read it: whoever opened it keeps it open, compares it, and closes it. */
export interface SharedFile {
  readonly path: string;
  readonly fd: number;
  readonly size: number;
}
