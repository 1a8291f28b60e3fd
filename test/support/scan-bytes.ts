import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Verdict } from '../../src/core/assessment/verdict.ts';
import { type ByteSource, MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../src/core/errors.ts';
import type { Format } from '../../src/formats/format.ts';
import { identifyFormat, probeOf, refineText, UNKNOWN } from '../../src/formats/identify.ts';
import { ANY_LOADER } from '../../src/formats/pickle/loaders.ts';
import type { Scanner } from '../../src/scan/scanner/scanner.ts';
import { type FakeContext, fakeContext } from './scan-context.ts';

export interface Scanned {
  readonly format: Format;
  readonly verdict: Verdict;
  readonly context: FakeContext;
}

/** Identifies bytes (@param byName also by the name of the file, as the pipeline does), runs the scanners of their format, and gives the pipeline's verdict. */
export async function scanBytes(
  bytes: Uint8Array | ByteSource,
  file: string,
  scanners: readonly Scanner[],
  byName = false,
): Promise<Scanned> {
  const source = bytes instanceof Uint8Array ? new MemorySource(bytes, file) : bytes;
  const content = identifyFormat(await probeOf(source)) ?? UNKNOWN;
  const format = byName ? refineText(file, content) : content;
  const context = fakeContext();
  for (const scanner of scanners.filter(({ formats }) => formats.includes(format.id))) {
    try {
      await scanner.scanFile({ source, format, file, depth: 0, loaders: ANY_LOADER, distance: 'near' }, context);
    } catch (error) {
      if (!isContentError(error)) throw error;
      context.reasons.push(error.message);
    }
  }
  return { format, verdict: context.verdict(source.size), context };
}

/** The files of a folder of fixtures by path, without the scripts that make them and without notes. */
export function fixtureFiles(folder: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /^(?:\.gitattributes|make\.py|truth\.json)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(folder, path), readFileSync(path));
  }
  return files;
}
