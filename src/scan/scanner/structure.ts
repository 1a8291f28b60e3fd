import { isAssayError } from '../../core/index.ts';
import { type Rule, SUPPLY_CHAIN } from './rule.ts';
import type { ScanContext, ScanTarget } from './scanner.ts';

/** The bytes of a header to read at once: a remote file is read only as far as its verdict needs. */
export function headerBlock(target: ScanTarget): number {
  return target.distance === 'far' ? 64 * 1024 : 1024 * 1024;
}

/** A rule about a structure that breaks its format: loaders differ on how they read it. */
export function structureRule(id: string, title: string, explanation: string): Rule {
  return {
    id,
    title,
    severity: 'medium',
    verdict: 'suspicious',
    explanation,
    remedy:
      'Download the file again from its publisher, and compare its digest. If it is the published file, ask its author to write it again with the library of the format.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-20', 'CWE-1287'],
  };
}

/** Records that a format is known, but no scanner judges its content. */
export function leaveUnjudged(context: ScanContext, checkId: string, detail: string): void {
  context.notAssessed({ id: checkId, status: 'not-assessed', detail });
}

/**
 * Runs a header's reader. Where the bytes contradict the format, that is the finding, and the rest of the file is skipped: no
 * loader gets further than the header either. An unsupported variant or a limit stays an error.
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
    context.cover(0, target.source.size, 'opaque', 'after a broken header: no loader reads it');
    return undefined;
  }
}
