import { SliceSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { decode, expandStream } from '../../formats/compressed/index.ts';
import { locate } from '../../formats/zip/index.ts';
import type { ZipScan } from './zip-scan.ts';

const STORED = 0;
const DEFLATE = 8;

/**
 * The content of a member that another one names; of two with one name the last, as Python takes it. The caller's budget pays for its bytes.
 * @throws AssayError what reading it throws; `unsupported` for other methods than storing and deflating
 */
export async function readMember({ target, entries, context }: ZipScan, name: string): Promise<Uint8Array | undefined> {
  const entry = entries.findLast((one) => one.name === name);
  const member = entry === undefined ? undefined : await locate(target.source, entry);
  if (member === undefined) return undefined;
  const stored = new SliceSource(target.source, member.dataStart, member.dataEnd - member.dataStart, name);
  const { limits, signal, budget } = context;
  budget.hold(stored.size);
  try {
    if (member.method === STORED) return await stored.read(0, stored.size);
    if (member.method !== DEFLATE) throw new AssayError('unsupported', `zip method ${member.method}`);
    const options = { name, inputSize: stored.size, budget, limits, signal };
    const { source, stopped } = await expandStream(decode('deflate', stored, { limits, signal, budget }), options);
    try {
      if (stopped !== undefined) throw stopped;
      budget.hold(source.size);
      const bytes = await source.read(0, source.size);
      budget.release(source.size);
      return bytes;
    } finally {
      await source.close();
    }
  } finally {
    budget.release(stored.size);
  }
}
