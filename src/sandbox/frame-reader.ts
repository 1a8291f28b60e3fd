import type { Readable } from 'node:stream';
import { AssayError } from '../core/index.ts';
import { FRAME, FRAME_HEAD, type FrameType, isFrameType, MAX_DATA, MAX_JSON } from './frames.ts';

export interface Frame {
  readonly type: FrameType;
  readonly payload: Buffer;
  /** @throws AssayError `sandbox` when it is not JSON. */
  json(): unknown;
}

/** Frames in the output of a child. Its input may have taken control of the child, so lengths are checked. */
export class FrameReader {
  readonly #input: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #size = 0;

  constructor(input: Readable) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** `undefined` at the end of the output. @throws AssayError `sandbox` on anything that is not a frame. */
  async next(): Promise<Frame | undefined> {
    if (!(await this.#have(FRAME_HEAD))) return undefined;
    const head = this.#take(FRAME_HEAD);
    const type = head.readUInt8(0);
    const length = head.readUInt32LE(1);
    if (!isFrameType(type) || length > (type === FRAME.data ? MAX_DATA : MAX_JSON)) {
      throw new AssayError('sandbox', 'the sandbox sent something that is not a frame');
    }
    if (!(await this.#have(length))) return undefined;
    const payload = this.#take(length);
    return { type, payload, json: () => parse(payload) };
  }

  async #have(bytes: number): Promise<boolean> {
    while (this.#size < bytes) {
      let step: IteratorResult<Buffer>;
      try {
        step = await this.#input.next();
      } catch (error) {
        // Destroyed with the child: its exit tells why.
        if (error instanceof Error) return false;
        throw error;
      }
      if (step.done === true) return false;
      this.#held.push(step.value);
      this.#size += step.value.length;
    }
    return true;
  }

  #take(bytes: number): Buffer {
    const first = this.#held[0];
    const all = this.#held.length === 1 && first !== undefined ? first : Buffer.concat(this.#held, this.#size);
    this.#size -= bytes;
    this.#held = this.#size === 0 ? [] : [all.subarray(bytes)];
    return all.subarray(0, bytes);
  }
}

function parse(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch (error) {
    throw new AssayError('sandbox', 'the sandbox sent text that is not JSON', { cause: error });
  }
}
