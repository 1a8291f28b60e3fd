import type { Cursor } from './cursor.ts';
import type { Token, YamlDialect } from './tokens.ts';

/** `&name` or `*name`. @throws AssayError `malformed` */
export function wordToken(cursor: Cursor): Token {
  const { at } = cursor;
  const kind = cursor.peek() === '*' ? 'alias' : 'anchor';
  cursor.skip();
  const from = cursor.at;
  if (cursor.dialect !== 'yaml-1.2') {
    while (/[\w-]/.test(cursor.peek())) cursor.skip();
    if (cursor.at > from && /[?:%@`]/.test(cursor.peek()))
      return { kind, at, name: cursor.text.slice(from, cursor.at) };
  }
  // ruamel.yaml and YAML 1.2 allow more than PyYAML's letters.
  while (!cursor.isEnd(cursor.peek()) && !',[]{}'.includes(cursor.peek())) {
    if (cursor.peek() === ':' && cursor.isEnd(cursor.peek(1))) break;
    cursor.skip();
  }
  if (cursor.at === from) throw cursor.malformed('an anchor or alias without a name');
  return { kind, at, name: cursor.text.slice(from, cursor.at) };
}

/** What ends a tag besides blanks, among braces and outside of them. */
const TAG_ENDS: Readonly<Record<YamlDialect, { readonly flow: string; readonly block: string }>> = {
  pyyaml: { flow: '{}', block: '{}' },
  libyaml: { flow: ',{}', block: '{}' },
  'yaml-1.2': { flow: ',[]{}', block: ',[]{}' },
};

/** `!suffix`, `!!suffix`, `!handle!suffix`, `!<uri>` or `!`. @throws AssayError `malformed` */
export function tagToken(cursor: Cursor, flow: boolean): Token {
  const { at } = cursor;
  if (cursor.peek(1) === '<') {
    const end = cursor.text.indexOf('>', at);
    const suffix = cursor.text.slice(at + 2, end < 0 ? at + 2 : end);
    if (end < 0 || /\s/.test(suffix)) throw cursor.malformed('a tag without an end');
    cursor.skip(end + 1 - at);
    return { kind: 'tag', at, handle: '', suffix: decodeUri(suffix) };
  }
  cursor.skip();
  const from = cursor.at;
  let handleEnd = from;
  const ends = TAG_ENDS[cursor.dialect][flow ? 'flow' : 'block'];
  while (!cursor.isEnd(cursor.peek())) {
    if (cursor.peek() === '!' && handleEnd === from && /^[\w-]*$/.test(cursor.text.slice(from, cursor.at)))
      handleEnd = cursor.at + 1;
    else if (ends.includes(cursor.peek())) break;
    cursor.skip();
  }
  const suffix = decodeUri(cursor.text.slice(handleEnd, cursor.at));
  if (handleEnd === from) return { kind: 'tag', at, handle: '!', suffix };
  return { kind: 'tag', at, handle: cursor.text.slice(at, handleEnd), suffix };
}

/** Percent escapes can hide the letters of a name; an invalid escape stays as it is. */
function decodeUri(text: string): string {
  if (!text.includes('%')) return text;
  const bytes = Buffer.from(text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => `\0${hex}`));
  const decoded: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte !== 0) decoded.push(byte);
    else {
      decoded.push(Number.parseInt(bytes.toString('latin1', i + 1, i + 3), 16));
      i += 2;
    }
  }
  return Buffer.from(decoded).toString('utf8');
}

/** A line that begins with `%`; only `%TAG` has a handle. */
export function tagDirective(cursor: Cursor): Token {
  const { at } = cursor;
  cursor.skipToBreak();
  const line = cursor.text.slice(at, Math.min(cursor.at, at + 4096));
  const [name, handle, prefix] = line.split(/[ \t]+/, 3);
  if (name !== '%TAG' || handle === undefined || prefix === undefined)
    return { kind: 'tag-directive', at, handle: '', prefix: '' };
  return { kind: 'tag-directive', at, handle, prefix: decodeUri(prefix) };
}
