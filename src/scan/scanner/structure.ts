import { isAssayError } from '../../core/index.ts';
import { type Rule, SUPPLY_CHAIN } from './rule.ts';
import type { ScanContext, ScanTarget } from './scanner.ts';

/** Bytes to fetch at once from a header: a remote file is read no further than its verdict needs. */
export function headerBlock(target: ScanTarget): number {
  return target.distance === 'far' ? 64 * 1024 : 1024 * 1024;
}

/** A rule about a structure that breaks its format: loaders differ on what they make of it. */
export function structureRule(id: string, title: string, explanation: string): Rule {
  return {
    id,
    title,
    severity: 'medium',
    verdict: 'suspicious',
    explanation,
    remedy:
      "Fetch the file again from where it was published, and compare its digest. If it is the published file, ask its author to write it again with the format's own library.",
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-20', 'CWE-1287'],
  };
}

/** Says that a format is known and nobody judges what it holds. */
export function leaveUnjudged(context: ScanContext, checkId: string, detail: string): void {
  context.notAssessed({ id: checkId, status: 'not-assessed', detail });
}

/**
 * Runs a header's reader. Where the bytes contradict the format, that is the finding, and the rest of the file is skipped: no
 * loader gets further than the header either. What the reader does not know or will not pay for stays an error.
 * @returns `undefined` when the header is broken.
 */
export async function readOrReport<T>(
  target: ScanTarget,
  context: ScanContext,
  rule: Rule,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isAssayError(error) || (error.code !== 'malformed' && error.code !== 'truncated')) throw error;
    const place = error.offset === undefined ? {} : { offset: error.offset };
    context.report({ rule, subject: 'header', message: `The header breaks the format: ${error.message}.`, ...place });
    context.cover(0, target.source.size, 'opaque', 'behind a broken header: no loader reads it');
    return undefined;
  }
}
