import { type ByteSource, type ExpansionBudget, spool } from '../../core/bytes/index.ts';
import { AssayError, isContentError, type Limits, throwIfAborted } from '../../core/index.ts';
import type { DecodeEnd } from './decode.ts';

/** Decompressed bytes at rest, and how decompression ended. */
export interface Expanded {
  /** Everything up to the end or to what stopped it. The caller closes it. */
  readonly source: ByteSource;
  readonly end: DecodeEnd | undefined;
  /** The error that stopped it: the bytes before the error are still available. */
  readonly stopped: AssayError | undefined;
}

export interface ExpandOptions {
  readonly name: string;
  /** Bytes of the compressed form. */
  readonly inputSize: number;
  readonly budget: ExpansionBudget;
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  /** Receives every chunk, for a checksum. */
  readonly onChunk?: (chunk: Uint8Array) => void;
}

/**
 * Spools a decompression, and keeps the bytes before an error or a limit. @throws AssayError only for errors other than those
 * of the content.
 */
export async function expandStream(
  output: AsyncGenerator<Uint8Array, DecodeEnd>,
  options: ExpandOptions,
): Promise<Expanded> {
  const { name, inputSize, budget, limits } = options;
  const outcome: { end?: DecodeEnd; stopped?: AssayError } = {};
  const source = await spool(guarded(output, options, outcome), name, inputSize, budget, limits);
  return { source, end: outcome.end, stopped: outcome.stopped };
}

async function* guarded(
  output: AsyncGenerator<Uint8Array, DecodeEnd>,
  { name, inputSize, budget, limits, signal, onChunk }: ExpandOptions,
  outcome: { end?: DecodeEnd; stopped?: AssayError },
): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  try {
    for (;;) {
      const step = await output.next();
      throwIfAborted(signal);
      if (step.done === true) {
        outcome.end = step.value;
        return;
      }
      size += step.value.length;
      // The spool would discard its bytes at its limit, so stop just before it.
      if (step.value.length > budget.remaining) {
        throw new AssayError(
          'limit',
          `decompresses to more than ${limits.maxExpandedBytes} bytes in total (maxExpandedBytes)`,
          {
            subject: name,
          },
        );
      }
      if (size > limits.maxExpandedBytes / 64 && size > inputSize * limits.maxExpansionRatio) {
        throw new AssayError(
          'limit',
          `expands to more than ${limits.maxExpansionRatio} times its size (maxExpansionRatio)`,
          {
            subject: name,
          },
        );
      }
      onChunk?.(step.value);
      yield step.value;
    }
  } catch (error) {
    if (!isContentError(error)) throw error;
    outcome.stopped = error;
  } finally {
    await output.return({ consumed: undefined });
  }
}
