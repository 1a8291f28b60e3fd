import type { Figure } from '../../../core/behavior/index.ts';
import { count } from '../../style.ts';
import { type Html, html, NOTHING } from '../html.ts';
import { capped, told } from '../parts.ts';
import { curveDrawing } from './curve.ts';
import { imageDrawing } from './image.ts';

/** Figures of one test: a report of an unknown tool may hold any number. */
const MAX_FIGURES = 12;

/** Figures as inline SVG, without script, style attribute or anything that is loaded. */
export function figuresBlock(figures: readonly Figure[]): Html {
  if (figures.length === 0) return NOTHING;
  const [shown, rest] = capped(
    figures,
    MAX_FIGURES,
    (left) => `${count(left, 'more figure')}: the report in JSON has all.`,
  );
  return html`<div class="plots">\n${shown.map(figureOf)}</div>\n${rest}`;
}

function figureOf(figure: Figure): Html {
  const drawing = figure.kind === 'curve' ? curveDrawing(figure) : imageDrawing(figure);
  if ('undrawn' in drawing)
    return html`<figure class="plot"><figcaption><strong>${told(figure.title)}</strong> cannot be drawn: ${drawing.undrawn}.</figcaption></figure>\n`;
  const { picture, caption, numbers } = drawing;
  return html`<figure class="plot">
${picture}
<figcaption><strong>${told(figure.title)}</strong>${caption}</figcaption>
${numbers}</figure>
`;
}
