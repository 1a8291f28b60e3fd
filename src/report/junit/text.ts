import { terminalText } from '../escape.ts';

/** UTF-16 units kept of one text. */
const MAX_TEXT = 2000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for an element or a quoted attribute of XML 1.0, on one line. What XML cannot hold, not even as `&#x1;`, stands escaped. */
export function xmlText(text: string): string {
  return terminalText(text, MAX_TEXT)
    .replace(/[\ufffe\uffff]/g, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
