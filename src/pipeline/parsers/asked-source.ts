import { type ByteSource, checkRange } from '../../core/bytes/index.ts';
import { type Answer, type Ask, fromWire, toWire } from './messages.ts';

/** Answers that a source keeps, and bytes that are sent ahead of what was asked for when they are at hand. */
const MAX_KEPT = 8;
const AHEAD = 64 * 1024;

interface Kept {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Requests bytes over a message port, and delivers the answers. */
export class Asker {
  readonly #send: (ask: Ask) => void;
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: unknown): void }>();
  #call = 0;

  constructor(send: (ask: Ask) => void) {
    this.#send = send;
  }

  async ask(of: number, offset: number, length: number): Promise<Kept> {
    const call = this.#call++;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#send({ kind: 'ask', call, of, offset, length });
    });
    if (answer.error !== undefined) throw fromWire(answer.error);
    return { start: answer.start, bytes: answer.bytes ?? new Uint8Array(0) };
  }

  take(answer: Answer): void {
    this.#waiting.get(answer.call)?.resolve(answer);
    this.#waiting.delete(answer.call);
  }

  /** No more answers will come. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** A source on another thread. Closing and comparing it is left to that thread. */
export class AskedSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #asker: Asker;
  readonly #of: number;
  #kept: Kept[] = [];

  constructor(asker: Asker, of: number, { name, size }: Pick<ByteSource, 'name' | 'size'>) {
    this.#asker = asker;
    this.#of = of;
    this.name = name;
    this.size = size;
  }

  readNow(offset: number, length: number): Uint8Array | undefined {
    checkRange(this, offset, length);
    const kept = this.#kept.find(({ start, bytes }) => start <= offset && offset + length <= start + bytes.length);
    return kept?.bytes.subarray(offset - kept.start, offset - kept.start + length);
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const now = this.readNow(offset, length);
    if (now !== undefined) return now;
    const kept = await this.#asker.ask(this.#of, offset, length);
    this.#kept = [kept, ...this.#kept.slice(0, MAX_KEPT - 1)];
    return kept.bytes.subarray(offset - kept.start, offset - kept.start + length);
  }

  async unchanged(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}
}

/** Reads what the other side asks for. */
export async function answerFrom(source: ByteSource, ask: Ask, onError?: (error: unknown) => void): Promise<Answer> {
  const { call, offset, length } = ask;
  try {
    const bytes = source.readNow(offset, length) ?? (await source.read(offset, length));
    const end = Math.min(source.size, offset + AHEAD);
    const more = length < AHEAD ? source.readNow(offset, end - offset) : undefined;
    return { kind: 'answer', call, start: offset, bytes: Uint8Array.from(more ?? bytes), error: undefined };
  } catch (error) {
    onError?.(error);
    return { kind: 'answer', call, start: offset, bytes: undefined, error: toWire(error) };
  }
}
