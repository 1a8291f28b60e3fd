import { type Html, html, NOTHING, told } from '../../report/html/index.ts';

/** A refused form: the reason, and the entered values. */
export interface Draft {
  readonly why: string;
  /** Of the fields that a form has; several where boxes were ticked. */
  readonly typed: ReadonlyMap<string, readonly string[]>;
}

/** The entered value of a field, or its default. */
export function typedInto(draft: Draft | undefined, name: string, otherwise = ''): string {
  return draft?.typed.get(name)?.[0] ?? otherwise;
}

/** Why a form was refused, above what is to be corrected. */
export function refusalNote(draft: Draft | undefined): Html {
  if (draft === undefined) return NOTHING;
  return html`<div role="alert"><p class="note bad">${told(draft.why)} Nothing was changed.</p></div>\n`;
}
