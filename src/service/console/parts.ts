import { code, type Html, type HtmlValue, html, NOTHING, timeText, told } from '../../report/html/index.ts';

/** The viewer of a page. */
export interface Viewer {
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  /** What forms carry; empty without a session. */
  readonly csrf: string;
}

/** A moment, or the text itself when it is none. */
export function when(iso: string): Html {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return told(iso);
  return html`<time datetime="${time.toISOString()}">${timeText(time)}</time>`;
}

export function maybeWhen(iso: string | null, otherwise: string): Html {
  return iso === null ? html`<span class="quiet">${otherwise}</span>` : when(iso);
}

/** A digest as people compare them: its start. The whole of it is the title. */
export function shortDigest(digest: string): Html {
  return html`<code title="${digest}">${digest.slice(0, 19)}…</code>`;
}

export function digest(text: string): Html {
  return html`<span class="whole">${code(text)}</span>`;
}

/** Lines of a text that are shown: a comment of ten thousand lines is not a comment. */
const MAX_LINES = 40;

/** Text of a user, with its line breaks. */
export function prose(text: string): Html {
  const lines = text.slice(0, MAX_TYPED).split('\n');
  const shown = lines.slice(0, MAX_LINES).map((line, i) => html`${i === 0 ? NOTHING : html`<br>`}${told(line)}`);
  const more = lines.length - MAX_LINES;
  return html`<blockquote>${shown}${more > 0 ? html`<br>${more} more lines` : NOTHING}</blockquote>`;
}

export interface Act {
  readonly label: string;
  readonly kind?: 'main' | 'danger' | 'plain';
  /** For screen readers, where several buttons have the same label. */
  readonly of?: string;
}

export function button({ label, kind = 'plain', of }: Act): Html {
  const more = of === undefined ? NOTHING : html`<span class="for-readers"> ${of}</span>`;
  return html`<button class="button ${kind}-act">${label}${more}</button>`;
}

export function linkButton(href: string, { label, kind = 'plain', of }: Act): Html {
  const more = of === undefined ? NOTHING : html`<span class="for-readers"> ${of}</span>`;
  return html`<a class="button ${kind}-act" href="${href}">${label}${more}</a>`;
}

/** A form that changes something. */
export function form({ csrf }: Viewer, action: string, ...fields: readonly HtmlValue[]): Html {
  return html`<form method="post" action="${action}">
<input type="hidden" name="_csrf" value="${csrf}">
${fields}</form>
`;
}

/** A form that is a button and nothing else. */
export function actForm(viewer: Viewer, action: string, act: Act): Html {
  return html`<form method="post" action="${action}" class="act"><input type="hidden" name="_csrf" value="${viewer.csrf}">${button(act)}</form>`;
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}

export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly hint?: HtmlValue;
  readonly value?: string;
  readonly required?: boolean;
  readonly most?: number;
  readonly kind?: 'text' | 'password' | 'date' | 'search';
  readonly example?: string;
}

export function field(spec: FormField): Html {
  const { name, label, value = '', required = false, most = 200, kind = 'text', example = '' } = spec;
  const length = kind === 'date' ? NOTHING : html` maxlength="${most}"`;
  return html`<div class="field">
${labelOf(name, label, required)}${hintOf(name, spec.hint)}
<input id="f-${name}" name="${name}" type="${kind}" value="${asTyped(value)}"${length} placeholder="${example}"${described(name, spec.hint)}${
    required ? html` required` : NOTHING
  } autocomplete="off" spellcheck="false">
</div>
`;
}

export function textArea({ name, label, hint, value = '', required = false, most = 4000 }: FormField): Html {
  return html`<div class="field">
${labelOf(name, label, required)}${hintOf(name, hint)}
<textarea id="f-${name}" name="${name}" rows="4" maxlength="${most}"${described(name, hint)}${
    required ? html` required` : NOTHING
  }>\n${asTyped(value)}</textarea>
</div>
`;
}

/** No field takes more, UTF-16 units. */
const MAX_TYPED = 10_000;

/** Entered text, whole and with line breaks: the template would cut it and show line breaks as characters. */
function asTyped(text: string): Html {
  const lines = text
    .slice(0, MAX_TYPED)
    .split('\n')
    .map((line) => html`${line.match(/.{1,500}/gsu) ?? []}`);
  return html`${lines.map((line, i) => (i === 0 ? line : html`\n${line}`))}`;
}

export function choice(
  name: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen = '',
  required = false,
): Html {
  const rows = options.map(
    ([value, text]) => html`<option value="${value}"${value === chosen ? html` selected` : NOTHING}>${text}</option>`,
  );
  return html`<div class="field">
${labelOf(name, label, required)}
<select id="f-${name}" name="${name}">${rows}</select>
</div>
`;
}

function labelOf(name: string, label: string, required: boolean): Html {
  return html`<label for="f-${name}">${label}${required ? NOTHING : html` <span class="quiet">optional</span>`}</label>`;
}

function hintOf(name: string, hint: HtmlValue | undefined): Html {
  return hint === undefined ? NOTHING : html`<p class="hint" id="h-${name}">${hint}</p>`;
}

function described(name: string, hint: HtmlValue | undefined): Html {
  return hint === undefined ? NOTHING : html` aria-describedby="h-${name}"`;
}

/** A choice of pages that show parts of the same. */
export function tabs(
  label: string,
  entries: readonly (readonly [href: string, text: string, isHere: boolean])[],
): Html {
  const rows = entries.map(
    ([href, text, isHere]) =>
      html`<li><a href="${href}"${isHere ? html` aria-current="page"` : NOTHING}>${text}</a></li>`,
  );
  return html`<nav class="tabs" aria-label="${label}"><ul>${rows}</ul></nav>\n`;
}

/** On to the next page of a list. */
export function pager(next: string | null, first: string | null, words: { readonly next: string }): Html {
  if (next === null && first === null) return NOTHING;
  return html`<nav class="pager" aria-label="Pages">${first === null ? NOTHING : linkButton(first, { label: 'From the start' })}${
    next === null ? NOTHING : linkButton(next, { label: words.next })
  }</nav>\n`;
}

/** The text of an empty list, with the next step. */
export function empty(title: string, ...body: readonly HtmlValue[]): Html {
  return html`<div class="empty">\n<h2>${title}</h2>\n${body}</div>\n`;
}

/** Something to type into a terminal. */
export function command(...lines: readonly string[]): Html {
  return html`<pre class="command" tabindex="0" role="region" aria-label="Command">${lines.map((line) => html`${line}\n`)}</pre>\n`;
}

export function note(
  tone: 'good' | 'caution' | 'bad' | 'open' | 'plain' | 'dark',
  ...body: readonly HtmlValue[]
): Html {
  return html`<p class="note ${tone}">${body}</p>\n`;
}

/** A part of a page with its heading. */
export function part(id: string, title: HtmlValue, ...body: readonly HtmlValue[]): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}</section>
`;
}
