import type { Figure } from '../../../core/behavior/index.ts';
import type { DataFigure } from '../../../core/data/index.ts';
import { count } from '../../style.ts';
import { type Html, html, NOTHING } from '../html.ts';
import { capped, told } from '../parts.ts';
import { barsDrawing } from './bars.ts';
import { curveDrawing } from './curve.ts';
import type { Drawing, Undrawn } from './drawing.ts';
import { imageDrawing } from './image.ts';

/** Figures of one test, or of one check of data: a report of an unknown tool may hold any number. */
const MAX_FIGURES = 12;

/** Figures as inline SVG, without script, style attribute or anything that is loaded. */
export function figuresBlock(figures: readonly (Figure | DataFigure)[]): Html {
  if (figures.length === 0) return NOTHING;
  const [shown, rest] = capped(
    figures,
    MAX_FIGURES,
    (left) => `${count(left, 'more figure')}: the report in JSON has all.`,
  );
  return html`<div class="plots">\n${shown.map(figureOf)}</div>\n${rest}`;
}

function figureOf(figure: Figure | DataFigure): Html {
  const drawing = drawingOf(figure);
  if ('undrawn' in drawing)
    return html`<figure class="plot"><figcaption><strong>${told(figure.title)}</strong> cannot be drawn: ${drawing.undrawn}.</figcaption></figure>\n`;
  const { picture, caption, numbers } = drawing;
  return html`<figure class="plot">
${picture}
<figcaption><strong>${told(figure.title)}</strong>${caption}</figcaption>
${numbers}</figure>
`;
}

function drawingOf(figure: Figure | DataFigure): Drawing | Undrawn {
  switch (figure.kind) {
    case 'curve':
      return curveDrawing(figure);
    case 'image':
      return imageDrawing(figure);
    case 'bars':
      return barsDrawing(figure);
  }
}
