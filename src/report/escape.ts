import { cut, MAX_KEPT } from '../core/index.ts';

export { cut, MAX_KEPT };

/** Everything in an artifact is hostile text: names, messages and evidence may hold terminal commands or reorder a line. */

/** Characters that control a terminal, or hide or reorder text: controls, bidi overrides, zero-width, tags, lone surrogates. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** The same but for the line feeds of indented JSON, the only control that `JSON.stringify` leaves raw. */
const UNSAFE_IN_JSON = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Characters of one string that a person is shown. */
export const MAX_SHOWN = 300;

/** One line that is safe to print: unsafe characters stand as `\n`, `\x1b` or `\u{202e}`, and long text is cut. */
export function terminalText(text: string, max = MAX_SHOWN): string {
  return cut(text, max).replace(UNSAFE, visible);
}

function visible(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Text for a machine-read report: cut, otherwise unchanged; `jsonText` escapes it. */
export function keptText(text: string): string {
  return cut(text, MAX_KEPT);
}

/** JSON whose text is also safe to print: what steers a terminal stands as `\uXXXX`, which parses back to the same. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(UNSAFE_IN_JSON, jsonEscape);
}

function jsonEscape(character: string): string {
  let escaped = '';
  for (let i = 0; i < character.length; i++) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return escaped;
}
