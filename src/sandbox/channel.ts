import { readSync, writeSync } from 'node:fs';
import { AssayError, systemCode } from '../core/index.ts';
import { FRAME, FRAME_HEAD, type FrameType, fields, MAX_DATA, type SandboxRequest } from './frames.ts';
import type { TaskIo } from './tasks/index.ts';

const STDIN = 0;
const STDOUT = 1;
/** A small frame is one write. */
const MAX_JOINED = 64 * 1024;

/** The child's end of the pipe: every call blocks, so a codec can read its input synchronously. */
export class Channel implements TaskIo {
  inputSize = 0;

  request(): SandboxRequest {
    const value = fields(JSON.parse(Buffer.from(this.#answer()).toString('utf8')));
    const { task, args, inputSize } = value;
    if (typeof task !== 'string' || typeof inputSize !== 'number')
      throw new AssayError('internal', 'a request without a task');
    this.inputSize = inputSize;
    return { task, args, inputSize };
  }

  read(offset: number, length: number): Uint8Array {
    const wanted = Math.min(length, MAX_DATA, this.inputSize - offset);
    if (wanted <= 0) return new Uint8Array(0);
    const ask = Buffer.alloc(12);
    ask.writeDoubleLE(offset, 0);
    ask.writeUInt32LE(wanted, 8);
    this.send(FRAME.read, ask);
    return this.#answer();
  }

  next(): unknown {
    this.send(FRAME.next, new Uint8Array(0));
    const step = this.#answer();
    return step.length === 0 ? undefined : JSON.parse(Buffer.from(step).toString('utf8'));
  }

  payload(length: number): Uint8Array<ArrayBuffer> {
    return readExactly(length);
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MAX_DATA) this.send(FRAME.data, bytes.subarray(at, at + MAX_DATA));
  }

  message(value: unknown): void {
    this.json(FRAME.message, value);
  }

  json(type: FrameType, value: unknown): void {
    this.send(type, Buffer.from(JSON.stringify(value), 'utf8'));
  }

  send(type: FrameType, payload: Uint8Array): void {
    const head = Buffer.alloc(FRAME_HEAD);
    head.writeUInt8(type, 0);
    head.writeUInt32LE(payload.length, 1);
    if (payload.length <= MAX_JOINED) writeAll(Buffer.concat([head, payload]));
    else {
      writeAll(head);
      writeAll(payload);
    }
  }

  #answer(): Uint8Array {
    const length = Buffer.from(readExactly(4)).readUInt32LE(0);
    return readExactly(length);
  }
}

function readExactly(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const n = patiently(() => readSync(STDIN, bytes, at, length - at, null));
    // The parent ended: nobody waits for an answer.
    if (n === 0) process.exit(1);
    at += n;
  }
  return bytes;
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += patiently(() => writeSync(STDOUT, bytes, at, bytes.length - at));
}

/** A pipe may be set not to block; then one that is full or empty says EAGAIN. */
function patiently(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
