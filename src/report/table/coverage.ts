import type { FileAssessment } from '../../core/assessment/index.ts';
import { terminalText } from '../escape.ts';
import type { TextPage } from '../page.ts';
import { humanBytes } from '../style.ts';

/** Ranges printed of one file. */
const MAX_RANGES = 40;

/** Which bytes of each file were parsed, skipped (and why that is safe), or not read. */
export function coverageRows(page: TextPage, files: readonly FileAssessment[]): void {
  page.gap();
  for (const file of files) {
    page.row('coverage', `${terminalText(file.path)} · ${coverageSummary(file)}`, undefined, 'dim');
    const gaps = file.coverage.gaps.map((gap) => ({ ...gap, kind: 'unread', why: undefined }));
    const ranges = [...file.coverage.ranges, ...gaps].sort((a, b) => a.start - b.start);
    for (const { start, end, kind, why } of ranges.slice(0, MAX_RANGES)) {
      page.row(
        '',
        `${kind} ${start}..${end}${why === undefined ? '' : `: ${terminalText(why)}`}`,
        kind === 'unread' ? 'red' : 'dim',
      );
    }
    if (ranges.length > MAX_RANGES)
      page.row('', `and ${ranges.length - MAX_RANGES} more ranges; --format json lists all`, 'dim');
  }
}

function coverageSummary({ size, coverage }: FileAssessment): string {
  const bytes = (kind: string) =>
    coverage.ranges.reduce((sum, range) => (range.kind === kind ? sum + range.end - range.start : sum), 0);
  const unread = coverage.gaps.reduce((sum, gap) => sum + gap.end - gap.start, 0);
  return `${humanBytes(size)}: ${humanBytes(bytes('parsed'))} parsed, ${humanBytes(bytes('opaque'))} opaque, ${humanBytes(unread)} unread`;
}
