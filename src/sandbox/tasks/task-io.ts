/** How a task talks to the parent. All of it blocks: the child does one thing. */
export interface TaskIo {
  readonly inputSize: number;
  /** At least one byte, at most `length`, of the input at `offset`; none at its end. */
  read(offset: number, length: number): Uint8Array;
  /** Sends output. */
  write(bytes: Uint8Array): void;
  /** Sends a message (JSON) between output bytes. */
  message(value: unknown): void;
  /** For a task of many steps: waits for the next, as JSON; undefined at the end. */
  next(): unknown;
  /** Bytes that follow a step, exactly as many; in a buffer of their own. */
  payload(length: number): Uint8Array<ArrayBuffer>;
}
