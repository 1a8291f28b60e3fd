import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { identifyFormat, probeOf, refineText, UNKNOWN } from '../../src/formats/identify.ts';
import { ANY_LOADER } from '../../src/formats/pickle/loaders.ts';
import type { DeclaredLibrary } from '../../src/scan/advisories/list/library.ts';
import { searchIndicators } from '../../src/scan/indicators/search.ts';
import type { Report } from '../../src/scan/scanner/scanner.ts';
import { fakeContext } from './scan-context.ts';

/** The libraries that a file declares. */
export async function librariesIn(text: string, file: string): Promise<readonly DeclaredLibrary[]> {
  return (await search(Buffer.from(text), file)).libraries;
}

/** What the search for secrets and indicators reports of a file. */
export async function searchBytes(bytes: Uint8Array | string, file: string): Promise<readonly Report[]> {
  return (await search(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, file)).reports;
}

async function search(bytes: Uint8Array, file: string) {
  const source = new MemorySource(bytes, file);
  const format = refineText(file, identifyFormat(await probeOf(source)) ?? UNKNOWN);
  const context = fakeContext();
  const target = { source, format, file, depth: 0, loaders: ANY_LOADER, distance: 'near' } as const;
  const libraries = await searchIndicators(target, [{ start: 0, end: source.size }], context);
  return { reports: context.reports, libraries };
}
