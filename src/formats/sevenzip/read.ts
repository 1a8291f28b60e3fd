import type { ByteSource } from '../../core/byte-source.ts';
import type { AssayError } from '../../core/errors.ts';
import { runSandboxed, type SandboxEvent } from '../../sandbox/sandbox.ts';
import { type DecodeEnd, type DecodeOptions, judgeProblems, problemsOf } from '../compressed/decode.ts';

/** A member as the archive lists it. */
export interface SevenZipEntry {
  readonly name: string;
  readonly link: boolean;
}

/** What a 7z archive turns out to be, in order. All `listed` come before the first `member`. */
export type SevenZipEvent =
  | { readonly kind: 'listed'; readonly entry: SevenZipEntry }
  /** The bytes are to be read before the next event is asked for. */
  | { readonly kind: 'member'; readonly name: string; readonly bytes: AsyncGenerator<Uint8Array, DecodeEnd> }
  | { readonly kind: 'end'; readonly trailing: boolean; readonly stopped: AssayError | undefined };

/** Lists and extracts a 7z archive in the sandbox. @throws AssayError what the sandbox throws. */
export async function* readSevenZip(source: ByteSource, options: DecodeOptions): AsyncGenerator<SevenZipEvent, void> {
  const { limits, signal } = options;
  const args = { type: '7z', maxMembers: limits.maxMembers };
  const events = runSandboxed({ task: 'seven-zip', args, input: source, limits, signal });
  const problems: string[] = [];
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
        problems.push(...(problemsOf(event.value) ?? []));
      }
      event = await nextOf(events);
    }
  } finally {
    await events.return();
  }
  const { trailing, error } = judgeProblems(problems, source.name);
  yield { kind: 'end', trailing, stopped: error };
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

  /** The event behind the bytes; passes over those that nobody wanted. */
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

function textField(value: unknown, field: string): string | undefined {
  const found =
    typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, field)?.value : undefined;
  return typeof found === 'string' ? found : undefined;
}

function listed(value: unknown): SevenZipEntry | undefined {
  if (typeof value !== 'object' || value === null || !('listed' in value)) return undefined;
  const name = textField(value.listed, 'Path');
  const attributes = textField(value.listed, 'Attributes') ?? '';
  return name === undefined ? undefined : { name, link: /(^| )l[r-][w-]/.test(attributes) };
}
