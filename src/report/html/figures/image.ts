import type { Figure } from '../../../core/behavior/index.ts';
import { count } from '../../style.ts';
import { type Html, html } from '../html.ts';
import { fold, table } from '../parts.ts';
import type { Drawing, Undrawn } from './drawing.ts';
import { numberText } from './scale.ts';

type Image = Extract<Figure, { readonly kind: 'image' }>;

/** Pixels that were checked: as many bytes as their sizes say. */
interface Pixels extends Pick<Image, 'height' | 'width'> {
  readonly channels: 1 | 3;
  readonly bytes: Uint8Array;
}

/** Of a side. */
const MAX_PIXELS = 4_096;
const MAX_BYTES = 4 * 1024 * 1024;
/** Cells of a side of the drawing; a larger image is drawn by the means of its blocks. */
const MAX_CELLS = 64;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const NAMES: Readonly<Record<1 | 3, readonly string[]>> = { 1: ['gray'], 3: ['red', 'green', 'blue'] };

/** An image as squares of one colour each: nothing is loaded, and no decoder sees its bytes. */
export function imageDrawing(image: Image): Drawing | Undrawn {
  const pixels = pixelsOf(image);
  if ('undrawn' in pixels) return pixels;
  const { height, width } = pixels;
  const block = Math.ceil(Math.max(height, width) / MAX_CELLS);
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  const picture = html`<svg class="pixels" viewBox="0 0 ${columns} ${rows}" shape-rendering="crispEdges" role="img" aria-label="${image.title}: an image of ${count(width, 'pixel')} by ${height}">
${cellsOf(pixels, block, rows, columns)}</svg>`;
  const size = `${width} × ${count(height, 'pixel')}, ${NAMES[pixels.channels].join(', ')}`;
  const caption = html`<br>${size}${block === 1 ? '' : `; drawn by the means of ${block} × ${block} pixels`}.`;
  return { picture, caption, numbers: numbersOf(pixels) };
}

function pixelsOf({ height, width, channels, pixels }: Image): Pixels | Undrawn {
  const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= MAX_PIXELS;
  if (!isSide(height) || !isSide(width)) return { undrawn: `its sides are not from 1 to ${MAX_PIXELS} pixels` };
  if (channels !== 1 && channels !== 3) return { undrawn: 'it has neither one channel nor three' };
  const size = height * width * channels;
  if (size > MAX_BYTES) return { undrawn: `it has more than ${MAX_BYTES} bytes` };
  // Compared before anything is decoded: the text may be of any length.
  if (pixels.length !== 4 * Math.ceil(size / 3) || !BASE64.test(pixels))
    return { undrawn: 'its bytes are not as many as its size says' };
  const bytes = Buffer.from(pixels, 'base64');
  if (bytes.length !== size) return { undrawn: 'its bytes are not as many as its size says' };
  return { height, width, channels, bytes };
}

/** One path a colour, of runs of equal cells. */
function cellsOf(pixels: Pixels, block: number, rows: number, columns: number): Html[] {
  const runs = new Map<string, string[]>();
  for (let row = 0; row < rows; row++) {
    for (let from = 0; from < columns; ) {
      const colour = colourAt(pixels, block, row, from);
      let to = from + 1;
      while (to < columns && colourAt(pixels, block, row, to) === colour) to++;
      const known = runs.get(colour) ?? [];
      known.push(`M${from} ${row}h${to - from}v1h-${to - from}z`);
      runs.set(colour, known);
      from = to;
    }
  }
  return [...runs].map(([colour, parts]) => html`<path fill="${colour}" d="${parts.map((part) => html`${part}`)}"/>\n`);
}

function colourAt({ height, width, channels, bytes }: Pixels, block: number, row: number, column: number): string {
  const sums = [0, 0, 0];
  let cells = 0;
  for (let y = row * block; y < Math.min(height, (row + 1) * block); y++) {
    for (let x = column * block; x < Math.min(width, (column + 1) * block); x++) {
      cells++;
      for (let c = 0; c < 3; c++)
        sums[c] = (sums[c] ?? 0) + (bytes[(y * width + x) * channels + (channels === 1 ? 0 : c)] ?? 0);
    }
  }
  return `#${sums
    .map((sum) =>
      Math.round(sum / cells)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

function numbersOf({ height, width, channels, bytes }: Pixels): Html {
  const rows = NAMES[channels].map((name, channel) => {
    let [least, most, sum] = [255, 0, 0];
    for (let i = channel; i < bytes.length; i += channels) {
      const value = bytes[i] ?? 0;
      least = Math.min(least, value);
      most = Math.max(most, value);
      sum += value;
    }
    return [name, String(least), String(most), numberText(sum / (height * width))];
  });
  const columns = ['Channel', 'Least', 'Largest', 'Mean'].map((label) => ({ label }));
  return fold('The numbers', table({ caption: 'Values of the pixels, from 0 to 255', columns, rows }));
}
