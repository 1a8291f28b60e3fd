import { SliceSource } from '../../core/bytes/index.ts';
import { TORCH, WEIGHTS_ONLY } from '../../formats/pickle/index.ts';
import { directoryMemory, readDirectory, type ZipDirectory } from '../../formats/zip/index.ts';
import { type ScanContext, type ScanTarget, yieldToEventLoop } from '../scanner/index.ts';

/** Archives of one file; a process of a large training writes some thousands. */
const MAX_ARCHIVES = 100_000;

/**
 * The archives of a data file of torch.distributed.checkpoint, where `torch.save` wrote one after another
 * (torch/distributed/checkpoint/filesystem.py, _write_item). Each reaches from its first byte to the first of the next, as its own
 * directory says.
 * @param last the directory at the end of the file, which is that of the last archive
 * @returns their first bytes, rising; `undefined` where the file is not only archives
 */
export async function chainedArchives(
  { source, file, member }: ScanTarget,
  { limits, budget, signal }: ScanContext,
  last: ZipDirectory,
): Promise<readonly number[] | undefined> {
  if (member !== undefined || last.prefix === 0 || !/\.distcp$/i.test(file)) return undefined;
  const starts = [last.prefix];
  for (let end = last.prefix; end > 0; ) {
    await yieldToEventLoop(signal);
    if (starts.length > MAX_ARCHIVES) return undefined;
    const before = await readDirectory(new SliceSource(source, 0, end, source.name), limits, budget);
    if (before === undefined) return undefined;
    budget.release(directoryMemory(before));
    // Nothing may stand between two archives.
    if (Math.max(before.end, ...before.records.map((record) => record.end)) !== end) return undefined;
    starts.push(before.prefix);
    end = before.prefix;
  }
  return starts.reverse();
}

/** Scans each archive as a file of its own, which is how PyTorch loads it. */
export async function scanChain(
  { source }: ScanTarget,
  context: ScanContext,
  starts: readonly number[],
): Promise<void> {
  context.identified('torch-distcp');
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? source.size;
    const name = `archive@${start}`;
    const archive = new SliceSource(source, start, end - start, `${source.name}!${name}`);
    await context.member(archive, name, { storedAt: start, loaders: TORCH | WEIGHTS_ONLY });
  }
}
