import type { Html } from '../html.ts';

/** What is shown of a figure: the drawing, a sentence about it, and its numbers as a table. */
export interface Drawing {
  readonly picture: Html;
  readonly caption: Html;
  readonly numbers: Html;
}

/** Why a figure cannot be drawn, as the rest of a sentence. */
export interface Undrawn {
  readonly undrawn: string;
}
