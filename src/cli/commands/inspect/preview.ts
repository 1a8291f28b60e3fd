import type { ByteSource } from '../../../core/bytes/index.ts';
import { isContentError } from '../../../core/index.ts';
import { runSandboxed } from '../../../sandbox/index.ts';

/** Larger pickles hold too much to be shown, and take long. */
const MAX_PREVIEW = 8 * 1024 * 1024;
const LIMITS = { sandboxMemoryBytes: 256 * 1024 * 1024, sandboxCpuSeconds: 10, sandboxWallMs: 15_000 };

/** Prints the values of a pickle that was judged clean, read by another parser in the sandbox. */
export async function previewPickle(
  source: ByteSource,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<void> {
  if (source.size > MAX_PREVIEW) return;
  print('');
  print('values, as pickleparser reads them (large integers may be inexact):');
  try {
    for await (const event of runSandboxed({
      task: 'pickle-preview',
      args: {},
      input: source,
      limits: LIMITS,
      signal,
    })) {
      if (event.kind === 'message') print(`  ${lineOf(event.value)}`);
    }
  } catch (error) {
    if (!isContentError(error)) throw error;
    print(`  no preview: ${error.message}`);
  }
}

function lineOf(message: unknown): string {
  return typeof message === 'object' && message !== null && 'line' in message ? String(message.line) : '';
}
