import { createHash } from 'node:crypto';
import { terminalText } from '../escape.ts';

/** UTF-16 units of one interpolated text: everything in an artifact is hostile, a name of 10 MB included. */
const MAX_TEXT = 1_000;
/** Marks that one character may carry: more of them would reach into other lines. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;
/** An HTML document may not hold them. */
const NONCHARACTERS = /\p{Noncharacter_Code_Point}/gu;
const MARKUP = /[&<>"'`]/g;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

let make: (markup: string) => Html;

/** Markup made by `html` and `sheet` alone: there is no way to make one of a text. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  static {
    make = (markup) => new Html(markup);
  }

  toString(): string {
    return this.#markup;
  }
}

/** What may stand in a template: text, which is escaped, or markup that was made by a template. */
export type HtmlValue = string | number | Html | readonly HtmlValue[];

/**
 * A template whose every interpolation is shown as text, also in quoted attributes: markup is inserted as markup, characters
 * that control or reorder text are made visible, and long text is cut. Attributes have to be quoted, and no interpolation may
 * stand in a
 * script, a style, a comment, or in the name of an element or attribute.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let markup = strings[0] ?? '';
  for (const [i, value] of values.entries()) markup += markupOf(value) + (strings[i + 1] ?? '');
  return make(markup);
}

function markupOf(value: HtmlValue): string {
  if (value instanceof Html) return value.toString();
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  return value.map(markupOf).join('');
}

function escapeText(text: string): string {
  return terminalText(text, MAX_TEXT)
    .replace(STACKED_MARKS, '$1…')
    .replace(NONCHARACTERS, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
    .replace(MARKUP, (character) => ESCAPES[character] ?? '');
}

/** Nothing, where a part has nothing to show. */
export const NOTHING: Html = html``;

/** A style sheet written in the program. */
export interface Sheet {
  readonly element: Html;
  /** As a content security policy names it: `'sha256-...'`. */
  readonly source: string;
}

/** The one `style` element that holds these sheets, written as templates without interpolations. */
export function sheet(...parts: readonly Css[]): Sheet {
  const text = parts.map((part) => part.text.join('').trim()).join('\n');
  const digest = createHash('sha256').update(text).digest('base64');
  return { element: make(`<style>${text}</style>`), source: `'sha256-${digest}'` };
}

/** Rules of a style sheet. */
export interface Css {
  readonly text: TemplateStringsArray;
}

/** Takes no values, so nothing but what the program says can become a rule. */
export function css(text: TemplateStringsArray): Css {
  return { text };
}
