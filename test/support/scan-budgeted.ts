import { FileBudget } from '../../src/core/budget.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { scanSource } from '../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../src/scan/lists/globals.ts';

/**
 * Scans bytes as the pipeline does.
 *
 * @returns the result, the budget that was charged, and `held`: the bytes of memory not given back when the scan closed it
 */
export async function scanBudgeted(bytes: Uint8Array, name: string, limits = DEFAULT_LIMITS) {
  const budget = new FileBudget(limits, bytes.length);
  const close = budget.close.bind(budget);
  let held = Number.NaN;
  budget.close = () => {
    held = budget.held;
    close();
  };
  const result = await scanSource(new MemorySource(bytes, name), {
    path: name,
    limits,
    signal: new AbortController().signal,
    globals: createGlobalPolicy(),
    distance: 'near',
    budget,
    onNames: () => undefined,
  });
  return { ...result, budget, held };
}
