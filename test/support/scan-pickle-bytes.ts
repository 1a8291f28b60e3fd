import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { type FileScanResult, scanSource } from '../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../src/scan/lists/globals.ts';

/** Scans bytes as a file of this name, with the shipped lists unless others are given. */
export function scanPickleBytes(
  bytes: Uint8Array,
  path = 'model.pkl',
  globals = createGlobalPolicy(),
): Promise<FileScanResult> {
  return scanSource(new MemorySource(bytes, path), {
    path,
    limits: DEFAULT_LIMITS,
    signal: new AbortController().signal,
    globals,
    distance: 'near',
    onNames: () => undefined,
  });
}
