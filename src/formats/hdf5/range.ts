/** Bytes of the file: `start` is the first, `end` the one after the last. */
export interface Hdf5Range {
  readonly start: number;
  readonly end: number;
}
