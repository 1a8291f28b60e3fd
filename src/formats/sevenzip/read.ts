import type { ByteSource } from '../../core/bytes/index.ts';
import type { AssayError } from '../../core/index.ts';
import { runSandboxed, type SandboxEvent } from '../../sandbox/index.ts';
import { type DecodeEnd, type DecodeOptions, judgeProblems, streamProblems } from '../compressed/index.ts';

/** A member as the archive lists it. */
export interface SevenZipEntry {
  readonly name: string;
  readonly link: boolean;
  /** It has bytes, which extraction has to bring. */
  readonly filled: boolean;
}

/** Events of reading a 7z archive, in order. All `listed` come before the first `member`; `size` is what it takes up. */
export type SevenZipEvent =
  | { readonly kind: 'listed'; readonly entry: SevenZipEntry }
  /** The bytes are to be read before the next event is asked for. */
  | { readonly kind: 'member'; readonly name: string; readonly bytes: AsyncGenerator<Uint8Array, DecodeEnd> }
  | { readonly kind: 'end'; readonly size: number | undefined; readonly stopped: AssayError | undefined };

/** Lists and extracts a 7z archive in the sandbox. @throws AssayError what the sandbox throws. */
export async function* readSevenZip(source: ByteSource, options: DecodeOptions): AsyncGenerator<SevenZipEvent, void> {
  const { limits, signal } = options;
  const args = { type: '7z', maxMembers: limits.maxMembers };
  const events = runSandboxed({ task: 'seven-zip', args, input: source, limits, signal });
  const problems: string[] = [];
  let size: number | undefined;
  try {
    let event = await nextOf(events);
    while (event !== undefined) {
      const name = event.kind === 'message' ? textField(event.value, 'member') : undefined;
      if (name !== undefined) {
        const segment = new Segment(events);
        yield { kind: 'member', name, bytes: segment.bytes() };
        event = await segment.after();
        continue;
      }
      if (event.kind === 'message') {
        const entry = listed(event.value);
        if (entry !== undefined) yield { kind: 'listed', entry };
        problems.push(...(streamProblems(event.value) ?? []));
        size = numberField(event.value, 'physicalSize') ?? size;
      }
      event = await nextOf(events);
    }
  } finally {
    await events.return();
  }
  const { trailing, error } = judgeProblems(problems, source.name);
  yield { kind: 'end', size: trailing || size === undefined || size > source.size ? undefined : size, stopped: error };
}

/** The bytes of one member: events up to the first that is something else. */
class Segment {
  readonly #events: AsyncGenerator<SandboxEvent, void>;
  #after: SandboxEvent | undefined;
  #ended = false;

  constructor(events: AsyncGenerator<SandboxEvent, void>) {
    this.#events = events;
  }

  async *bytes(): AsyncGenerator<Uint8Array, DecodeEnd> {
    while (!this.#ended) {
      const event = await nextOf(this.#events);
      if (event?.kind === 'bytes') yield event.bytes;
      else {
        this.#after = event;
        this.#ended = true;
      }
    }
    return { consumed: undefined };
  }

  /** The event after the bytes; skips bytes that the caller did not read. */
  async after(): Promise<SandboxEvent | undefined> {
    while (!this.#ended) {
      const event = await nextOf(this.#events);
      if (event?.kind === 'bytes') continue;
      this.#after = event;
      this.#ended = true;
    }
    return this.#after;
  }
}

async function nextOf(events: AsyncGenerator<SandboxEvent, void>): Promise<SandboxEvent | undefined> {
  const step = await events.next();
  return step.done === true ? undefined : step.value;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, field)?.value : undefined;
}

function textField(value: unknown, field: string): string | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'string' ? found : undefined;
}

function numberField(value: unknown, field: string): number | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : undefined;
}

function listed(value: unknown): SevenZipEntry | undefined {
  if (typeof value !== 'object' || value === null || !('listed' in value)) return undefined;
  const name = textField(value.listed, 'Path');
  const attributes = textField(value.listed, 'Attributes') ?? '';
  if (name === undefined) return undefined;
  const folder = attributes.startsWith('D');
  return { name, link: /(^| )l[r-][w-]/.test(attributes), filled: !folder && textField(value.listed, 'Size') !== '0' };
}
