import type { BudgetLimit } from '../../core/index.ts';

/**
 * Symbolic values. One is a kind and a ref: for constants and own containers the offset of the instruction that pushed
 * it, for the others an index. Kinds start at 1, so that 0 marks an empty memo slot; scalars come first.
 */
export const NONE = 1;
export const BOOL = 2;
export const INT = 3;
export const FLOAT = 4;
export const BYTES = 5;
export const STR = 6;
/** A string that starts with two underscores, like a name that Python itself looks up. */
export const STR_DUNDER = 7;
/** An out-of-band buffer. */
export const BUFFER = 8;
/** ref: index of its cells. */
export const TUPLE = 9;
export const LIST = 10;
export const DICT = 11;
export const SET = 12;
export const FROZENSET = 13;
/** ref: index in the stream's globals. */
export const GLOBAL = 14;
/** What a call returned. ref: index of its cells: callee, then arguments. */
export const OBJECT = 15;
/** What a persistent id stands for. ref: index of a cell with the id. */
export const PERSID = 16;
/** ref: code in the host's extension registry. */
export const EXT = 17;

export const FIRST_COMPOSITE = TUPLE;

/** Millions of refs: four bytes each in a file below 4 GiB, where every offset fits. */
export type Refs = Uint32Array | Float64Array;

export function newRefs(count: number, fileSize: number): Refs {
  return fileSize <= 0xffffffff ? new Uint32Array(count) : new Float64Array(count);
}

/** The first `used` kinds, with room for `room`. */
export function grownKinds(kinds: Uint8Array, used: number, room: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(room);
  copy.set(kinds.subarray(0, used));
  return copy;
}

/** Refs of the same kind, with room for `count`. */
export function grownRefs(refs: Refs, count: number): Refs {
  const grown = refs instanceof Uint32Array ? new Uint32Array(count) : new Float64Array(count);
  grown.set(refs);
  return grown;
}

/** Bytes of kinds and refs together, and those of `count` values: new ones, and others of the same kind. */
export function bytesOf(kinds: Uint8Array, refs: Refs): number {
  return kinds.byteLength + refs.byteLength;
}

export function newBytes(count: number, fileSize: number): number {
  return count * (fileSize <= 0xffffffff ? 5 : 9);
}

export function grownBytes(refs: Refs, count: number): number {
  return count * (1 + refs.BYTES_PER_ELEMENT);
}

export interface Value {
  readonly kind: number;
  readonly ref: number;
}

/** A global as the stream names it, before Python 3's map of Python 2 names. */
export interface GlobalName {
  readonly id: number;
  readonly module: string;
  readonly name: string;
  /** An operand was not a constant, so the name cannot be known from the bytes. */
  readonly computed: boolean;
  /** Met under protocol 0 to 2, where Python 3 maps Python 2 names first. */
  readonly mapped: boolean;
  /** Offset of the first instruction that imports it. */
  readonly offset: number;
}

export type CallOpcode = 'REDUCE' | 'NEWOBJ' | 'NEWOBJ_EX' | 'INST' | 'OBJ';

export interface Call {
  readonly opcode: CallOpcode;
  readonly callee: Value;
  /** Usually a TUPLE; whatever stood there otherwise. */
  readonly args: Value;
  readonly kwargs: Value | undefined;
  readonly offset: number;
}

/** Something no pickler writes, though a loader may accept it. */
export type Oddity =
  | 'dup' // DUP is never written, and lets a few bytes grow into gigabytes
  | 'sparse-memo' // a memo index far beyond the entries
  | 'frame-straddled' // an operand crosses the end of its frame: loaders disagree on what follows
  | 'frame-nested' // a frame starts within a frame
  | 'frame-beyond-end' // a frame is longer than the file
  | 'operand-not-text' // STACK_GLOBAL on something that is not a string
  | 'name-too-long'
  | 'odd-items' // SETITEMS or DICT with a key that has no value
  | 'args-not-tuple'
  | 'not-a-buffer' // READONLY_BUFFER on something that the stream did not get as a buffer
  | 'line-without-end' // a text operand ends with the file
  | 'protocol-late'; // PROTO after the first instruction

/** How a stream ended. */
export type StreamEnd =
  | { readonly kind: 'stop' }
  | { readonly kind: 'error'; readonly reason: StreamError }
  | {
      readonly kind: 'limit';
      readonly limit:
        | 'maxPickleMemo'
        | 'maxPickleStack'
        | 'maxPickleCells'
        | 'maxPickleGlobals'
        | 'maxPickleLine'
        | BudgetLimit;
    };

export type StreamError =
  | 'truncated'
  | 'invalid-opcode'
  | 'operand'
  | 'stack-underflow'
  | 'no-mark'
  | 'memo-miss'
  | 'protocol'
  | 'bad-length'
  /** An operand of text that every loader refuses. */
  | 'bad-literal'
  /** No loader that came this far goes on. */
  | 'refused'
  /** A key without a value: loaders set the pairs before it, if at all. */
  | 'odd-items';

/** Why `run` returned. */
export type RunResult =
  /** Give a window that starts at `position` and holds `need` bytes, or all that are left. `position` may have moved on. */
  | { readonly kind: 'more'; readonly need: number }
  /** Give the bytes at `wanted` to `learn`, then run on. */
  | { readonly kind: 'text' }
  /** An array's raw bytes stand at `position`. */
  | { readonly kind: 'array' }
  | { readonly kind: 'end'; readonly end: StreamEnd };

export function failed(reason: StreamError): RunResult {
  return { kind: 'end', end: { kind: 'error', reason } };
}

export function limited(limit: (StreamEnd & { kind: 'limit' })['limit']): RunResult {
  return { kind: 'end', end: { kind: 'limit', limit } };
}
