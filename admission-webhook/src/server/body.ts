import type { IncomingMessage } from 'node:http';

/** What came of reading a request's body. */
export type Body =
  /** `release` gives its room back. */
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly release: () => void }
  /** `head`: its first bytes, which say whom to answer. */
  | { readonly kind: 'refused'; readonly reason: BodyRefusal; readonly head: Buffer }
  /** The client closed the connection. */
  | { readonly kind: 'gone' };

export type BodyRefusal = 'too-large' | 'too-slow' | 'busy';

export interface BodyLimits {
  /** Of one body. */
  readonly maxBytes: number;
  /** From the first byte of the body to its last. */
  readonly bodyMs: number;
  /** How long a body may wait for room. */
  readonly waitMs: number;
}

/** The bytes of the start of a body that must be kept, so that a refusal reaches the client: the `uid` stands near the start. */
export const HEAD_BYTES = 16 * 1024;

/** Room for all bodies that are read at once; who comes when there is none waits, in order. */
export class BodyMemory {
  readonly #bytes: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes it all the same: what has arrived is in memory already. @returns whether more may be read */
  take(bytes: number): boolean {
    this.#taken += bytes;
    return this.#taken <= this.#bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    for (const go of this.#waiting) {
      if (this.#taken > this.#bytes) return;
      this.#waiting.delete(go);
      go();
    }
  }

  /** Calls back once there is room. @returns how to wait no more */
  wait(go: () => void): () => void {
    this.#waiting.add(go);
    return () => void this.#waiting.delete(go);
  }
}

/** Reads a body within its bounds. Never rejects. */
export function readBody(request: IncomingMessage, limits: BodyLimits, room: BodyMemory): Promise<Body> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    let waiting: { readonly stop: () => void; readonly timer: NodeJS.Timeout } | undefined;
    const release = () => {
      room.give(size);
      size = 0;
    };
    const stopWaiting = () => {
      waiting?.stop();
      clearTimeout(waiting?.timer);
      waiting = undefined;
    };
    const end = (body: Body) => {
      clearTimeout(timer);
      stopWaiting();
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      if (body.kind !== 'whole') release();
      resolve(body);
    };
    const refuse = (reason: BodyRefusal) =>
      end({ kind: 'refused', reason, head: Buffer.concat(parts).subarray(0, HEAD_BYTES) });
    const onData = (part: Buffer) => {
      size += part.length;
      parts.push(part);
      const more = room.take(part.length);
      if (size > limits.maxBytes) refuse('too-large');
      else if (!more) {
        request.pause();
        const stop = room.wait(() => {
          stopWaiting();
          request.resume();
        });
        waiting = { stop, timer: setTimeout(() => refuse('busy'), limits.waitMs) };
      }
    };
    const onEnd = () => end({ kind: 'whole', bytes: Buffer.concat(parts), release });
    const onGone = () => end({ kind: 'gone' });
    const timer = setTimeout(() => refuse('too-slow'), limits.bodyMs);
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

/** The first bytes of a body that is not read, to know whom to answer. Never rejects. */
export function readHead(request: IncomingMessage, limits: Pick<BodyLimits, 'bodyMs'>): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const end = () => {
      clearTimeout(timer);
      request.off('data', onData).off('end', end).off('error', end).off('close', end);
      resolve(Buffer.concat(parts).subarray(0, HEAD_BYTES));
    };
    const onData = (part: Buffer) => {
      parts.push(part);
      size += part.length;
      if (size >= HEAD_BYTES) end();
    };
    const timer = setTimeout(end, limits.bodyMs);
    request.on('data', onData).on('end', end).on('error', end).on('close', end);
  });
}

/**
 * The `uid` of a review of which only the start is known, as API servers write it. An answer without it is none to an API server,
 * and `failurePolicy: Ignore` then lets the object pass.
 */
export function uidIn(head: Buffer): string {
  return /"request"\s*:\s*\{\s*"uid"\s*:\s*"([^"\\]{1,128})"/.exec(head.toString('latin1'))?.[1] ?? '';
}
