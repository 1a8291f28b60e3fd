import type { DataFigure } from '../../../core/data/index.ts';
import { cut } from '../../../core/index.ts';
import { terminalText } from '../../escape.ts';
import { count } from '../../style.ts';
import { type Html, html, NOTHING } from '../html.ts';
import { capped, fold, table, told } from '../parts.ts';
import type { Drawing, Undrawn } from './drawing.ts';
import { MAX_DRAWN, numberText } from './scale.ts';

type Bar = DataFigure['bars'][number];

const MAX_BARS = 20;
const MAX_ROWS = 200;
/** Units of the drawing: a name and a number stand above their bar, which leaves long names room. */
const WIDTH = 440;
const ROW = 36;
const NAME_LENGTH = 44;

/** Bars from zero on, one below the other, each with that of the approved baseline. */
export function barsDrawing({ title, value, bars }: DataFigure): Drawing | Undrawn {
  if (bars.length === 0) return { undrawn: 'it has no bars' };
  const shown = bars.slice(0, MAX_BARS);
  const numbers = shown.flatMap((bar) => (bar.baseline === null ? [bar.value] : [bar.value, bar.baseline]));
  if (!numbers.every((number) => number >= 0 && number <= MAX_DRAWN))
    return { undrawn: 'a number of it is negative, not finite, or too large' };
  const most = Math.max(...numbers, Number.MIN_VALUE);
  const picture = html`<svg viewBox="0 0 ${WIDTH} ${shown.length * ROW}" role="img" aria-label="${title}: ${value}">
${shown.map((bar, at) => barOf(bar, at * ROW, most))}</svg>`;
  const caption = html`<br>Length: ${told(value)}.${compared(shown)}${
    bars.length > MAX_BARS ? html` ${count(bars.length - MAX_BARS, 'more bar')}: the numbers have all.` : NOTHING
  }`;
  return { picture, caption, numbers: numbersOf(bars, value) };
}

function barOf({ name, value, baseline }: Bar, top: number, most: number): Html {
  const width = (number: number) => Math.round((number / most) * WIDTH * 10) / 10;
  const before =
    baseline === null
      ? NOTHING
      : html`<rect class="bar-before" x="0" y="${top + 27}" width="${width(baseline)}" height="3"/>`;
  return html`<text class="tick" x="0" y="${top + 13}">${terminalText(cut(name, NAME_LENGTH))}</text><text class="tick end" x="${WIDTH}" y="${top + 13}">${numberText(value)}</text><rect class="bar-now" x="0" y="${top + 18}" width="${width(value)}" height="8"/>${before}\n`;
}

/** Told apart without colour. */
function compared(bars: readonly Bar[]): Html {
  return bars.some(({ baseline }) => baseline !== null)
    ? html` The thick bar is of this data, the thin one of the approved baseline.`
    : NOTHING;
}

function numbersOf(bars: readonly Bar[], value: string): Html {
  const rows = bars.map((bar) => [
    told(bar.name),
    numberText(bar.value),
    bar.baseline === null ? html`<span class="quiet">–</span>` : numberText(bar.baseline),
  ]);
  const [shown, rest] = capped(rows, MAX_ROWS, (left) => `${count(left, 'more bar')}: the report in JSON has all.`);
  const columns = [
    { label: 'Name' },
    { label: value, kind: 'number' as const },
    { label: 'Baseline', kind: 'number' as const },
  ];
  return fold('The numbers', html`${table({ caption: 'The bars', columns, rows: shown })}${rest}`);
}
