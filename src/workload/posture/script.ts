import { inertCommand } from './inert.ts';

/** Longer ones are not read. */
const MAX_SCRIPT = 4_096;
/** All that a script may have: no expansion, no substitution, no glob, no comment, no group, no job. */
const PLAIN = /^[\w@%+=:,./ \t\n;&|!<>[\]"'-]*$/;
/** Output that is thrown away. */
const TO_NOWHERE = /(?:(?:[12]|&)?>[ \t]*\/dev\/null|2>&1)(?=[\s;&|]|$)/g;
const OPENERS: ReadonlySet<string> = new Set(['until', 'while', 'if', 'elif', 'then', 'else', 'do', '!', 'exec']);
const CLOSERS: ReadonlySet<string> = new Set(['done', 'fi']);

/**
 * Whether every command of a text for a shell is a literal simple command of an inert program (POSIX.1-2024, 2.9).
 * @returns why not, as part of a sentence; `undefined` where it is
 */
export function whyActive(script: string): string | undefined {
  if (script.length > MAX_SCRIPT) return `runs a script of more than ${MAX_SCRIPT} characters`;
  if (!PLAIN.test(script)) return 'runs a script with expansions, groups or comments';
  const quiet = script.replace(TO_NOWHERE, ' ');
  if (/[<>]/.test(quiet)) return 'runs a script that reads or writes files';
  const commands = splitCommands(quiet);
  if (commands === undefined) return 'runs a script with a pipe, a job or an open quote';
  for (const words of commands) {
    const at = words.findIndex((word) => !OPENERS.has(word));
    const command = at < 0 ? [] : words.slice(at);
    if (command.length === 1 && CLOSERS.has(command[0] ?? '')) continue;
    if (command.length > 0 && inertCommand(command) === undefined) {
      return `runs ${JSON.stringify(command.join(' ').slice(0, 80))} in a script, which is not in the table of inert programs`;
    }
  }
  return undefined;
}

/** The words of each command; `undefined` for what is more than commands one after the other. */
function splitCommands(text: string): readonly (readonly string[])[] | undefined {
  const commands: string[][] = [];
  let words: string[] = [];
  const tokens = text.match(/(?:"[^"\n]*"|'[^'\n]*'|[^\s;&|"'])+|\n|;|&&|\|\||[&|"']/g) ?? [];
  for (const token of tokens) {
    if (['&', '|', '"', "'"].includes(token)) return undefined;
    if (['\n', ';', '&&', '||'].includes(token)) {
      commands.push(words);
      words = [];
      continue;
    }
    const word = token.replace(/["']/g, '');
    // A bracket alone is a program; within a word it is a pattern of file names.
    if (/[[\]]/.test(word) && word !== '[' && word !== ']') return undefined;
    words.push(word);
  }
  return [...commands, words];
}
