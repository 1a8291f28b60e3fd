import type { FoundReference } from '../reference.ts';
import { findInCommands, findInWords } from './commands.ts';
import { fieldReference } from './fields.ts';

/** Finds what a Dockerfile loads while it builds, and what its image loads when it starts. */
export function findInDockerfile(text: string): readonly FoundReference[] {
  return instructions(text).flatMap(({ name, rest, line }) => {
    switch (name) {
      case 'RUN':
        return findInCommands(rest.replace(/^(?:\s*--\w+=\S+)+/, ''), line);
      case 'CMD':
      case 'ENTRYPOINT': {
        const words = execForm(rest);
        return words === undefined ? findInCommands(rest, line) : findInWords(words, line);
      }
      case 'ADD':
        return findInWords(rest.split(/\s+/), line);
      case 'ENV':
      case 'ARG':
        return settings(rest).flatMap(
          ([key, value]) => fieldReference({ key, text: value, line, sibling: () => undefined }) ?? [],
        );
      default:
        return [];
    }
  });
}

interface Instruction {
  readonly name: string;
  /** With its own line breaks, so that lines can be counted. */
  readonly rest: string;
  readonly line: number;
}

function instructions(text: string): Instruction[] {
  const all: Instruction[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const [, name, first] = /^\s*([A-Za-z]+)\s+(.*)$/.exec(lines[at] ?? '') ?? [];
    if (name === undefined || first === undefined) continue;
    const start = at;
    const parts = [first];
    while (/\\\s*$/.test(parts.at(-1) ?? '') && at + 1 < lines.length) parts.push(lines[++at] ?? '');
    all.push(...heredoc(parts, lines, at, name, start, (end) => (at = end)));
  }
  return all;
}

/** `RUN <<EOF` takes the lines that follow. */
function heredoc(
  parts: string[],
  lines: readonly string[],
  at: number,
  name: string,
  start: number,
  move: (end: number) => void,
): Instruction[] {
  const [, , end] = /<<-?(["']?)(\w+)\1/.exec(parts[0] ?? '') ?? [];
  const upper = name.toUpperCase();
  if (end === undefined) return [{ name: upper, rest: parts.join('\n'), line: start + 1 }];
  const stop = lines.findIndex((line, index) => index > at && line.trim() === end);
  const last = stop < 0 ? lines.length : stop;
  move(last);
  return [{ name: upper, rest: lines.slice(at + 1, last).join('\n'), line: at + 2 }];
}

function execForm(rest: string): string[] | undefined {
  if (!/^\s*\[/.test(rest)) return undefined;
  try {
    const list: unknown = JSON.parse(rest.replace(/\\\n/g, ''));
    return Array.isArray(list) ? list.map(String) : undefined;
  } catch {
    // By Docker's rules, what is not JSON is a command of the shell.
    return undefined;
  }
}

/** `A=1 B="2"`, or the older `A 1`. */
function settings(rest: string): [string, string][] {
  const joined = rest.replace(/\\\n/g, ' ').trim();
  if (!/^[\w.]+=/.test(joined)) {
    const [, key, value] = /^([\w.]+)\s+(.*)$/s.exec(joined) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value]];
  }
  return [...joined.matchAll(/([\w.]+)=("[^"]*"|'[^']*'|\S*)/g)].map(([, key = '', value = '']) => [
    key,
    value.replace(/^(["'])(.*)\1$/s, '$2'),
  ]);
}
