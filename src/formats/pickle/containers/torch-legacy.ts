import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import { OP } from '../opcodes.ts';

/** `torch.serialization.MAGIC_NUMBER`, 0x1950a86a20f9469cfc6c, as LONG1 and STOP. */
const MAGIC = [OP.LONG1, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, OP.STOP];
/** It stands after PROTO, and from protocol 4 on after FRAME. */
const MAGIC_OFFSETS = [2, 11];

/** Pickles before the storages: magic, version, system, object, storage keys. */
export const LEGACY_STREAMS = 5;

/** Whether a file starts as PyTorch wrote files before 1.6 (torch/serialization.py, `_legacy_save`). */
export function isTorchLegacy(head: Uint8Array): boolean {
  return head[0] === OP.PROTO && MAGIC_OFFSETS.some((at) => MAGIC.every((byte, i) => head[at + i] === byte));
}

/**
 * Walks the raw storages behind the pickles: for each key eight bytes of element count, then the elements.
 * @returns the end of the last one
 * @throws AssayError `malformed` when a key has no known element size, `truncated` when a storage leaves the file
 */
export async function skipStorages(
  source: ByteSource,
  start: number,
  keys: readonly string[],
  elementSizes: ReadonlyMap<string, { readonly elementSize: number | undefined }>,
  onStorage: (start: number, end: number, key: string, elements: number) => void,
): Promise<number> {
  let at = start;
  for (const key of keys) {
    const size = elementSizes.get(key)?.elementSize;
    if (size === undefined)
      throw new AssayError('malformed', `storage ${key} has no known element type`, {
        subject: source.name,
        offset: at,
      });
    const head = await source.read(at, 8);
    const count = Number(new DataView(head.buffer, head.byteOffset, 8).getBigInt64(0, true));
    const end = at + 8 + count * size;
    if (!Number.isSafeInteger(end) || count < 0 || end > source.size) {
      throw new AssayError('truncated', `storage ${key} of ${count} elements reaches beyond the end of the file`, {
        subject: source.name,
        offset: at,
      });
    }
    onStorage(at + 8, end, key, count);
    at = end;
  }
  return at;
}
