import type { Format } from '../format.ts';

/** Settings in lines: INI, TOML, properties. Told by their name alone. */
export const SETTINGS: Format = {
  id: 'settings',
  title: 'settings (INI, TOML)',
  extensions: ['.ini', '.cfg', '.toml', '.conf', '.properties', '.env'],
  identify: () => false,
};

export interface SettingsEvents {
  section(name: string, at: number): void;
  /** A key as it is written, its escapes resolved, and the value that begins behind it, without its quotes. */
  pair(key: string, value: string, at: number): void;
}

const SECTION = /^[ \t]*\[{1,2}([^\]\n]{1,1000})\]/;
const SPACE = /[ \t]*/y;
const BARE = /[^\s=:,{}[\]"'#]+/y;
const STRING = /"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'/y;
const VALUE = /[^\n#,}\]]*/y;
const MAX_VALUE = 2_000;

/**
 * Finds everything that the readers of INI and TOML accept as a key: bare or quoted, dotted, in inline tables and in lists.
 * Finds more
 * than they do (text in a value that looks like a key), and misses none.
 */
export function readSettings(text: string, events: SettingsEvents): void {
  let at = 0;
  for (const line of text.split(/\r\n|[\n\r]/)) {
    const section = SECTION.exec(line)?.[1];
    if (section === undefined) readLine(line, at, events);
    else {
      events.section(section.trim(), at);
      for (const part of dotted(section)) events.pair(part, '', at);
    }
    at += line.length + 1;
  }
}

function readLine(line: string, start: number, events: SettingsEvents): void {
  let at = 0;
  while (at < line.length) {
    const token = match(STRING, line, at) ?? match(BARE, line, at);
    if (token === undefined) {
      at++;
      continue;
    }
    const from = at;
    at += token.length;
    const next = at + (match(SPACE, line, at)?.length ?? 0);
    if (line[next] !== '=' && line[next] !== ':') continue;
    at = next + 1;
    const value = valueAt(line, at);
    for (const key of new Set([unquoted(token), ...dotted(token)])) events.pair(key, value, start + from);
  }
}

/** The value that begins at an offset; the offset does not move, so that keys within the value are found as well. */
function valueAt(line: string, from: number): string {
  const at = from + (match(SPACE, line, from)?.length ?? 0);
  return unquoted(match(STRING, line, at) ?? (match(VALUE, line, at) ?? '').trim()).slice(0, MAX_VALUE);
}

function match(pattern: RegExp, line: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0];
}

function unquoted(token: string): string {
  if (token.startsWith("'")) return token.slice(1, -1);
  return token.startsWith('"') ? unescaped(token.slice(1, -1)) : token;
}

function unescaped(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))/g,
    (_, u?: string, long?: string, x?: string, other?: string) => {
      const code = Number.parseInt(u ?? long ?? x ?? '', 16);
      return Number.isNaN(code) || code > 0x10ffff ? (other ?? '') : String.fromCodePoint(code);
    },
  );
}

/** The parts of a dotted key, without quotes. */
function dotted(key: string): string[] {
  const parts = key.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^."']+/g) ?? [];
  return parts.map((part) => unquoted(part.trim()).trim()).filter((part) => part !== '');
}
