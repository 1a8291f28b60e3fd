/**
 * The protocol between parent and child over the standard input and output of the child. A frame from the child is a type
 * byte, a 32-bit little-endian length, and that many bytes. The parent sends the request (length, JSON), then answers each
 * `read` with a length and the bytes.
 */
export const FRAME = {
  /** JSON: which bounds hold. Always first. */
  hello: 1,
  /** 64-bit offset and 32-bit length of input that the child wants. */
  read: 2,
  /** Output bytes. */
  data: 3,
  /** JSON: a message between output bytes. */
  message: 4,
  /** Empty: the task succeeded. */
  done: 5,
  /** JSON `{ code, message }`: the task gave up. */
  fail: 6,
  /** Empty: a task of many steps is ready for the next. The parent answers with a length and JSON, or with none at the end. */
  next: 7,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export const FRAME_HEAD = 5;
/** Bytes of one output frame, and of one answer to `read`. */
export const MAX_DATA = 1024 * 1024;
/** Bytes of one JSON frame. */
export const MAX_JSON = 256 * 1024;

/** The request that starts a child. */
export interface SandboxRequest {
  readonly task: string;
  readonly args: unknown;
  /** Bytes of the input; 0 without one. */
  readonly inputSize: number;
}

export function isFrameType(byte: number): byte is FrameType {
  return byte >= FRAME.hello && byte <= FRAME.next;
}

/** Fields of parsed JSON, or nothing when it is not an object. */
export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
