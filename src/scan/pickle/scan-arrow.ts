import { type ByteSource, MemorySource } from '../../core/bytes/index.ts';
import { isContentError } from '../../core/index.ts';
import { checkArrowArray } from '../../formats/arrow/index.ts';
import type { ScanContext } from '../scanner/index.ts';
import type { HandedArrow, SpelledBytes } from './contracts/index.ts';
import { NATIVE_STATE } from './rules.ts';
import { bytesAt } from './scan-handed.ts';

/** Proves that the elements of each array lie inside of its buffers. */
export async function scanArrows(
  arrays: readonly HandedArrow[],
  source: ByteSource,
  context: ScanContext,
): Promise<void> {
  for (const array of arrays) await scanOne(array, source, context);
}

async function scanOne(array: HandedArrow, source: ByteSource, context: ScanContext): Promise<void> {
  try {
    const buffers: (ByteSource | undefined)[] = [];
    for (const buffer of array.buffers) {
      const bytes =
        buffer?.length === 0 ? new MemorySource(new Uint8Array(0), 'empty') : await read(buffer, source, context);
      if (buffer !== undefined && bytes === undefined) {
        context.incomplete(`a buffer of the Arrow array at byte ${array.at} has an encoding that is not supported`);
        return;
      }
      buffers.push(bytes);
    }
    await checkArrowArray({ ...array, buffers }, context.budget);
  } catch (error) {
    if (!isContentError(error)) throw error;
    if (error.code !== 'malformed')
      context.incomplete(`the Arrow array at byte ${array.at} was not read: ${error.message}`);
    else
      context.report({
        rule: NATIVE_STATE,
        message: `makes an Arrow array that reaches beyond its buffers: ${error.message}`,
        subject: 'pyarrow.lib._restore_array',
        offset: array.at,
      });
  }
}

async function read(
  buffer: SpelledBytes | undefined,
  source: ByteSource,
  context: ScanContext,
): Promise<ByteSource | undefined> {
  return buffer === undefined ? undefined : bytesAt(buffer, 'pyarrow.lib.py_buffer', source, context);
}
