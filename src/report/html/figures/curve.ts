import type { Figure } from '../../../core/behavior/index.ts';
import { count } from '../../style.ts';
import { type Html, html, NOTHING } from '../html.ts';
import { capped, fold, table, told } from '../parts.ts';
import type { Drawing, Undrawn } from './drawing.ts';
import { MAX_DRAWN, numberText, type Scale, scaleOf } from './scale.ts';

type Curve = Extract<Figure, { readonly kind: 'curve' }>;
type Point = Curve['lines'][number]['points'][number];

/** As many as can be told apart by their dashes. */
const MAX_LINES = 4;
/** Points of one line that are drawn; more are the same drawing. */
const MAX_POINTS = 1_000;
const MAX_ROWS = 200;
/** Units of the drawing, and what is left free for the numbers of its axes. */
const [WIDTH, HEIGHT] = [440, 280];
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 14, 12, 34];

/** Lines over one axis. */
export function curveDrawing({ title, x, y, lines }: Curve): Drawing | Undrawn {
  const points = lines.flatMap((line) => line.points);
  if (points.length === 0) return { undrawn: 'it has no points' };
  const fits = (value: number) => Math.abs(value) <= MAX_DRAWN;
  if (!points.every((point) => fits(point.x) && fits(point.y)))
    return { undrawn: 'a number of it is not finite, or too large' };
  const shown = lines.slice(0, MAX_LINES).map(({ name, points: all }) => ({ name, points: thinned(all) }));
  const drawn = shown.flatMap((line) => line.points);
  const [across, up] = [
    scaleOf(
      drawn.map((point) => point.x),
      LEFT,
      WIDTH - RIGHT,
    ),
    scaleOf(
      drawn.map((point) => point.y),
      HEIGHT - BOTTOM,
      TOP,
    ),
  ];
  const picture = html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${y}, against ${x}">
${grid(across, up)}${shown.map((line, at) => lineOf(line.points, at, across, up))}</svg>`;
  const caption = html`<br>Across: ${told(x)}. Up: ${told(y)}.
<ul class="key">${shown.map(({ name }, at) => html`<li><svg viewBox="0 0 30 8" aria-hidden="true"><path class="${classOf(at)}" d="M0 4H30"/></svg>${told(name)}</li>`)}</ul>${
    lines.length > MAX_LINES
      ? html`${count(lines.length - MAX_LINES, 'more line')}: the report in JSON has all.`
      : NOTHING
  }`;
  return { picture, caption, numbers: numbersOf(shown, x, y) };
}

/** The first is of the model. Each is told from the others without colour. */
const LINES = ['line-model', 'line-second', 'line-third', 'line-fourth'];

function classOf(at: number): string {
  return LINES[at] ?? '';
}

function grid(across: Scale, up: Scale): Html {
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  const columns = across.ticks.map((tick) => {
    const place = across.place(tick);
    return html`<path class="grid" d="M${place} ${TOP}V${bottom}"/><text class="tick middle" x="${place}" y="${bottom + 20}">${numberText(tick)}</text>`;
  });
  const rows = up.ticks.map((tick) => {
    const place = up.place(tick);
    return html`<path class="grid" d="M${LEFT} ${place}H${right}"/><text class="tick end" x="${LEFT - 8}" y="${place + 4}">${numberText(tick)}</text>`;
  });
  return html`${columns}${rows}<path class="axis" d="M${LEFT} ${TOP}V${bottom}H${right}"/>`;
}

function lineOf(points: readonly Point[], at: number, across: Scale, up: Scale): Html {
  const places = points.map((point) => `${across.place(point.x)} ${up.place(point.y)}`);
  if (places.length === 1)
    return html`<circle class="${classOf(at)}" cx="${across.place(points[0]?.x ?? 0)}" cy="${up.place(points[0]?.y ?? 0)}" r="3"/>`;
  return html`<path class="${classOf(at)}" d="M${places.map((place, i) => (i === 0 ? place : html`L${place}`))}"/>\n`;
}

/** The first, the last, and as many between them as a drawing shows. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MAX_POINTS) return points;
  const step = (points.length - 1) / (MAX_POINTS - 1);
  return Array.from({ length: MAX_POINTS }, (_, i) => points[Math.round(i * step)]).filter(
    (point) => point !== undefined,
  );
}

function numbersOf(
  lines: readonly { readonly name: string; readonly points: readonly Point[] }[],
  x: string,
  y: string,
) {
  const rows = lines.flatMap(({ name, points }) =>
    points.map((point) => [told(name), numberText(point.x), numberText(point.y)]),
  );
  const [shown, rest] = capped(rows, MAX_ROWS, (left) => `${count(left, 'more point')}: the report in JSON has all.`);
  const columns = [{ label: 'Line' }, { label: x }, { label: y }];
  return fold('The numbers', html`${table({ caption: 'Points of the lines', columns, rows: shown })}${rest}`);
}
