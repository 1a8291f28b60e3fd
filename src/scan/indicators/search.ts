import { libraryDetectors } from '../advisories/detect/index.ts';
import type { DeclaredLibrary } from '../advisories/list/index.ts';
import { EncodedPayloads, indicatorDetectors } from '../exfiltration/detect/index.ts';
import type { ScanContext, ScanTarget } from '../scanner/index.ts';
import { secretDetectors } from '../secrets/detect/index.ts';
import { type SearchRange, StringSearch } from '../strings/index.ts';

let search: StringSearch | undefined;

/**
 * Reports secrets and indicators of theft that stand in ranges of a target. No verdict depends on them.
 * @param ranges sorted and disjoint
 * @returns the libraries that it declares
 * @throws AssayError what reading throws; `aborted`
 */
export async function searchIndicators(
  target: ScanTarget,
  ranges: readonly SearchRange[],
  context: ScanContext,
): Promise<readonly DeclaredLibrary[]> {
  search ??= everything();
  return await search.search(target, ranges, context);
}

function everything(): StringSearch {
  const payloads = new EncodedPayloads(indicatorDetectors);
  return new StringSearch(
    [...secretDetectors, ...indicatorDetectors],
    libraryDetectors,
    (window, start, end, context) => payloads.judge(window, start, end, context),
  );
}
