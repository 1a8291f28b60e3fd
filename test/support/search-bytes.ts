import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { identifyFormat, probeOf, refineText, UNKNOWN } from '../../src/formats/identify.ts';
import { ANY_LOADER } from '../../src/formats/pickle/loaders.ts';
import { searchIndicators } from '../../src/scan/indicators/search.ts';
import type { Report } from '../../src/scan/scanner/scanner.ts';
import { fakeContext } from './scan-context.ts';

/** What the search for secrets and indicators reports of a file. */
export async function searchBytes(bytes: Uint8Array | string, file: string): Promise<readonly Report[]> {
  const source = new MemorySource(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, file);
  const format = refineText(file, identifyFormat(await probeOf(source)) ?? UNKNOWN);
  const context = fakeContext();
  const target = { source, format, file, depth: 0, loaders: ANY_LOADER, distance: 'near' } as const;
  await searchIndicators(target, [{ start: 0, end: source.size }], context);
  return context.reports;
}
