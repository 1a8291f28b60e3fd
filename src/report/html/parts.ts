import { type Html, type HtmlValue, html, NOTHING } from './html.ts';
import type { ReportWord } from './words.ts';

/** One numbered part of the report. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export function chip({ text, tone }: ReportWord): Html {
  return html`<span class="chip ${tone}">${text}</span>`;
}

/** Untrusted text within the report: its text direction is isolated. */
export function told(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

export function code(text: string): Html {
  return html`<code>${text}</code>`;
}

export function paragraph(...values: readonly HtmlValue[]): Html {
  return html`<p>${values}</p>`;
}

export function bulletList(items: readonly HtmlValue[], kind: 'ul' | 'ol' = 'ul'): Html {
  if (items.length === 0) return NOTHING;
  const rows = items.map((item) => html`<li>${item}</li>\n`);
  return kind === 'ul' ? html`<ul>\n${rows}</ul>\n` : html`<ol>\n${rows}</ol>\n`;
}

/** Names and what they stand for; entries without a value are left out. */
export function facts(entries: readonly (readonly [name: HtmlValue, value: HtmlValue | undefined])[]): Html {
  const rows = entries.flatMap(([name, value]) =>
    value === undefined ? [] : [html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`],
  );
  return html`<dl class="facts">\n${rows}</dl>\n`;
}

export interface Column {
  readonly label: string;
  readonly kind?: 'number';
}

/** Rows of cells, the first of each naming the row. */
export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly HtmlValue[])[];
}

/** A table that becomes a stack of cards on a phone. Its roles are written out: browsers forget them with the layout. */
export function table({ caption, columns, rows }: Table): Html {
  const heads = columns.map(
    ({ label, kind }) => html`<th scope="col" role="columnheader" class="${kind ?? 'text'}">${label}</th>`,
  );
  return html`<table role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${heads}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => tableRow(row, columns))}</tbody>
</table>
`;
}

function tableRow(cells: readonly HtmlValue[], columns: readonly Column[]): Html {
  const shown = cells.map((cell, i) => {
    const { label = '', kind = 'text' } = columns[i] ?? {};
    return i === 0
      ? html`<th scope="row" role="rowheader">${cell}</th>`
      : html`<td role="cell" class="${kind}" data-label="${label}">${cell}</td>`;
  });
  return html`<tr role="row">${shown}</tr>\n`;
}

/** What can be unfolded, and stands open on paper. */
export function fold(summary: HtmlValue, body: Html, open = false): Html {
  return open
    ? html`<details open><summary>${summary}</summary>\n${body}</details>\n`
    : html`<details><summary>${summary}</summary>\n${body}</details>\n`;
}

/** The first `max`, and a sentence about the rest. */
export function capped<T>(
  all: readonly T[],
  max: number,
  rest: (left: number) => string,
): readonly [readonly T[], Html] {
  const left = all.length - max;
  return left <= 0 ? [all, NOTHING] : [all.slice(0, max), html`<p class="left-out">${rest(left)}</p>\n`];
}
