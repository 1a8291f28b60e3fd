import { type Html, html } from './html.ts';

/** Bytes of a hex dump's line: narrow enough for a phone and a printed column. */
const LINE = 8;

/** Bytes around the place of a finding. */
export interface HexExcerpt {
  readonly kind: 'hex';
  /** Offset of the first byte, in the file or the member. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** Offset that the finding names. */
  readonly at: number;
}

/** Instructions of a pickle around the place of a finding. */
export interface OpcodeExcerpt {
  readonly kind: 'opcodes';
  /** In order. Their text is hostile. */
  readonly lines: readonly { readonly offset: number; readonly text: string }[];
  readonly at: number;
}

/** The bytes or instructions at the place of a finding, or why they cannot be shown. */
export type Excerpt = HexExcerpt | OpcodeExcerpt | { readonly kind: 'none'; readonly why: string };

export function excerptFigure(excerpt: Excerpt): Html {
  switch (excerpt.kind) {
    case 'hex':
      return hexFigure(excerpt);
    case 'opcodes':
      return opcodeFigure(excerpt);
    case 'none':
      return html`<p class="left-out">No excerpt: ${excerpt.why}.</p>\n`;
  }
}

function hexFigure({ start, bytes, at }: HexExcerpt): Html {
  const lines: Html[] = [];
  for (let from = 0; from < bytes.length; from += LINE) {
    lines.push(hexLine(start + from, bytes.subarray(from, from + LINE), at));
  }
  return html`<figure class="excerpt">
<figcaption>Bytes ${start} to ${start + bytes.length}; byte ${at} is marked</figcaption>
<pre>${lines}</pre>
</figure>
`;
}

function hexLine(offset: number, bytes: Uint8Array, at: number): Html {
  const pairs: Html[] = [];
  const shown: Html[] = [];
  for (const [i, byte] of bytes.entries()) {
    const hex = byte.toString(16).padStart(2, '0');
    const character = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
    const here = offset + i === at;
    pairs.push(here ? html`<mark>${hex}</mark> ` : html`${hex} `);
    shown.push(here ? html`<mark>${character}</mark>` : html`${character}`);
  }
  const blank = '   '.repeat(LINE - bytes.length);
  const arrow = at >= offset && at < offset + bytes.length ? '▸' : ' ';
  return html`${arrow}${offset.toString(16).padStart(8, '0')}  ${pairs}${blank} ${shown}\n`;
}

function opcodeFigure({ lines, at }: OpcodeExcerpt): Html {
  const marked = lines.findLast(({ offset }) => offset <= at);
  const rows = lines.map((line) => {
    const text = html`<span class="offset">${line.offset}</span> ${line.text}`;
    return line === marked ? html`<mark class="line">▸${text}</mark>` : html`<span class="line"> ${text}</span>`;
  });
  return html`<figure class="excerpt">
<figcaption>Instructions of the pickle by offset, none of them run; that of the finding is marked</figcaption>
<pre class="listing">${rows}</pre>
</figure>
`;
}
