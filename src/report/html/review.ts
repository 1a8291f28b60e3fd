import type { JudgedWaiver } from '../../core/assessment/index.ts';
import type { Judged, ReportContext } from '../context.ts';
import type { OwaspMap } from '../owasp/index.ts';
import type { Excerpt } from './excerpt.ts';
import type { FindingGroup } from './finding-groups.ts';

export interface HtmlOptions {
  /** When the review was made. */
  readonly now: Date;
  /** By fingerprint. */
  readonly excerpts?: ReadonlyMap<string, Excerpt>;
  /** Paper to print on; the printer's own when absent. */
  readonly paper?: Paper;
}

export const PAPERS = ['a4', 'letter'] as const;
export type Paper = (typeof PAPERS)[number];

/** What the parts of a review are drawn from. */
export interface Review extends Judged {
  readonly context: ReportContext;
  readonly now: Date;
  readonly excerpts: ReadonlyMap<string, Excerpt>;
  readonly owasp: OwaspMap;
  /** Worst first. */
  readonly groups: readonly FindingGroup[];
  /** Waivers that cover a finding, by its fingerprint. */
  readonly waiversByFinding: ReadonlyMap<string, JudgedWaiver>;
}

/** `2026-01-02 03:04 UTC`. */
export function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
