import { displayWidth, type Ink, paint, wrap } from './style.ts';

/** Columns of the labels at the left. */
const GUTTER = 14;
/** Narrower than this, lines are left to the terminal. */
const MIN_TEXT = 24;

/** Lines of text in two columns: a label, and text that wraps beside it. All text given is already safe to print. */
export class TextPage {
  readonly #lines: string[] = [];
  readonly #width: number;
  readonly #color: boolean;

  constructor(width: number, color: boolean) {
    this.#width = width;
    this.#color = color;
  }

  /** Text beside a label of at most 12 columns. */
  row(label: string, text: string, ink?: Ink, labelInk?: Ink): void {
    const lines = wrap(text, Math.max(MIN_TEXT, this.#width - GUTTER));
    for (const [index, line] of lines.entries()) {
      const shown = index === 0 ? label : '';
      const gutter = this.#ink(labelInk, shown) + ' '.repeat(Math.max(0, GUTTER - shown.length));
      this.#lines.push(`${gutter}${this.#ink(ink, line)}`);
    }
  }

  /** Text under the labels that is never wrapped: commands and code, to be copied. */
  code(text: string): void {
    this.#lines.push(' '.repeat(GUTTER) + this.#ink('cyan', text));
  }

  /** Short facts over the whole width, broken between them. */
  parts(parts: readonly string[]): void {
    let line = '';
    for (const part of parts) {
      const joined = line === '' ? part : `${line} · ${part}`;
      if (line !== '' && displayWidth(joined) > this.#width) {
        this.#lines.push(this.#ink('dim', line));
        line = part;
      } else line = joined;
    }
    if (line !== '') this.#lines.push(this.#ink('dim', line));
  }

  /** One empty line, never two. */
  gap(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== '') this.#lines.push('');
  }

  #ink(ink: Ink | undefined, text: string): string {
    return this.#color && ink !== undefined && text !== '' ? paint(ink, text) : text;
  }

  toString(): string {
    return this.#lines.map((line) => `${line.trimEnd()}\n`).join('');
  }
}
