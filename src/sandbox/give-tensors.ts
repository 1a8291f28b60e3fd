import { AssayError } from '../core/index.ts';
import { runSandboxed, type SandboxOptions } from './sandbox.ts';
import { type RunTensor, type TensorHead, tensorHead, tensorOfPayload } from './tensors.ts';

/** A tensor that a task gave, by the name that it gave it. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: RunTensor;
}

export interface GiveTensorsOptions extends SandboxOptions {
  readonly maxOutputBytes: number;
  /** Charged with the bytes of a tensor before they are held; nothing is given back. */
  readonly hold?: (bytes: number) => void;
  /** A message that is not the head of a tensor. */
  readonly onMessage?: (value: unknown) => void;
}

/**
 * Runs a task that gives tensors: for each a message `{ tensor: { name, type, dims, bytes } }`, then its bytes.
 * @throws AssayError what running a task throws; `sandbox` for bytes that do not fit what was announced
 */
export async function* giveTensors(options: GiveTensorsOptions): AsyncGenerator<NamedTensor, void> {
  let open: Open | undefined;
  for await (const event of runSandboxed(options)) {
    if (event.kind === 'started') continue;
    if (event.kind === 'bytes') {
      if (open === undefined) throw unexpected();
      open.add(event.bytes);
    } else {
      const head = headOf(event.value);
      if (head === undefined) {
        options.onMessage?.(event.value);
        continue;
      }
      if (open !== undefined) throw unexpected();
      if (head.bytes > options.maxOutputBytes)
        throw new AssayError('limit', `the sandbox gives more than ${options.maxOutputBytes} bytes (maxOutputBytes)`);
      options.hold?.(head.bytes);
      open = new Open(head);
    }
    if (open?.isWhole === true) {
      yield open.tensor();
      open = undefined;
    }
  }
  if (open !== undefined) throw unexpected();
}

function headOf(value: unknown): TensorHead | undefined {
  if (typeof value !== 'object' || value === null || !('tensor' in value)) return undefined;
  return tensorHead(value.tensor);
}

class Open {
  readonly #head: TensorHead;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;

  constructor(head: TensorHead) {
    this.#head = head;
    this.#bytes = new Uint8Array(head.bytes);
  }

  get isWhole(): boolean {
    return this.#at === this.#bytes.length;
  }

  add(bytes: Uint8Array): void {
    if (this.#at + bytes.length > this.#bytes.length) throw unexpected();
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  tensor(): NamedTensor {
    return { name: this.#head.name, tensor: tensorOfPayload(this.#head, this.#bytes) };
  }
}

function unexpected(): AssayError {
  return new AssayError('sandbox', 'the sandbox sent bytes that it did not announce, or too few of them');
}
