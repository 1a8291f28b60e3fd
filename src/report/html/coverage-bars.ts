import type { FileAssessment } from '../../core/assessment/index.ts';
import { count, humanBytes } from '../style.ts';
import { worstFirst } from './files.ts';
import { type Html, html } from './html.ts';
import { capped, code, type Section } from './parts.ts';
import type { Review } from './review.ts';

/** Files with a bar. */
const MAX_BARS = 200;
/** Cells of a bar; one that holds an unread byte is drawn as unread. */
const CELLS = 200;

type Fill = 'parsed' | 'opaque' | 'unread';

/** Which bytes of each file were parsed, passed over on purpose, or not read. */
export function coverageSection({ assessment }: Review): Section {
  const files = worstFirst(assessment.files).filter(({ size }) => size > 0);
  const [shown, rest] = capped(files, MAX_BARS, (left) => `${count(left, 'more file')} without a bar.`);
  const body = html`<p>From the first byte of each file to its last. <strong>Parsed</strong> bytes were understood;
<strong>opaque</strong> bytes are data that no loader interprets, such as weights. <strong>Unread</strong> bytes are
unknown; a bar shows each of them, however few.</p>
<ul class="key">${KEY}</ul>
<ul class="bars">
${shown.map((file) => coverageBar(file))}</ul>
${rest}`;
  return { id: 'coverage', title: 'Coverage', body };
}

function coverageBar(file: FileAssessment): Html {
  const { path, size, coverage } = file;
  const bytes = (kind: string) =>
    coverage.ranges.reduce((sum, range) => (range.kind === kind ? sum + range.end - range.start : sum), 0);
  const unread = coverage.gaps.reduce((sum, { start, end }) => sum + end - start, 0);
  const shares = [
    ['parsed', bytes('parsed')],
    ['opaque', bytes('opaque')],
    ['unread', unread],
  ] as const;
  const numbers = shares
    .filter(([, n]) => n > 0)
    .map(([kind, n]) => `${humanBytes(n)} ${kind}`)
    .join(', ');
  return html`<li><p>${code(path)} <span class="quiet">${humanBytes(size)}: ${numbers}</span></p>
<svg viewBox="0 0 ${CELLS} 8" preserveAspectRatio="none" aria-hidden="true" class="bar">${drawn(file)}</svg></li>
`;
}

/** Runs of equal cells as boxes. */
function drawn(file: FileAssessment): Html[] {
  const cells = fillsOf(file);
  const boxes: Html[] = [];
  for (let from = 0; from < CELLS; ) {
    const fill = cells[from] ?? 'unread';
    let to = from + 1;
    while (to < CELLS && (cells[to] ?? 'unread') === fill) to++;
    const [y, height] = HEIGHTS[fill];
    boxes.push(html`<rect class="${fill}" x="${from}" y="${y}" width="${to - from}" height="${height}"/>`);
    from = to;
  }
  return boxes;
}

/** A full bar is parsed, a thin line is opaque, a low block is unread: told apart without colour. */
const HEIGHTS: Readonly<Record<Fill, readonly [y: number, height: number]>> = {
  parsed: [0, 8],
  opaque: [3, 2],
  unread: [5, 3],
};

const KEY: readonly Html[] = (['parsed', 'opaque', 'unread'] as const).map((fill) => {
  const [y, height] = HEIGHTS[fill];
  return html`<li><svg viewBox="0 0 20 8" preserveAspectRatio="none" aria-hidden="true"><rect class="${fill}" x="0" y="${y}" width="20" height="${height}"/></svg>${fill}</li>`;
});

function fillsOf({ size, coverage }: FileAssessment): Fill[] {
  const cells: Fill[] = new Array<Fill>(CELLS).fill('unread');
  const paint = (start: number, end: number, fill: Fill) => {
    const from = Math.max(0, Math.floor((start / size) * CELLS));
    const to = Math.min(CELLS, Math.max(from + 1, Math.ceil((end / size) * CELLS)));
    cells.fill(fill, from, to);
  };
  for (const { start, end, kind } of coverage.ranges) if (kind === 'opaque') paint(start, end, kind);
  for (const { start, end, kind } of coverage.ranges) if (kind === 'parsed') paint(start, end, kind);
  for (const { start, end } of coverage.gaps) paint(start, end, 'unread');
  return cells;
}
