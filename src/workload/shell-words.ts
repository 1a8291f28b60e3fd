import { type Collector, shown } from './collector.ts';
import type { ShellWord } from './variables.ts';

const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'ash', 'dash', 'zsh', 'ksh', 'busybox']);
const MAX_SCRIPT = 64 * 1024;

/** Whether a command line is one program with literal arguments, whatever the shell. */
export function isPlainCommand(text: string): boolean {
  return /^[\w@%+=:,./\s-]*$/.test(text) && !text.trim().includes('\n') && !/^\s*\w+=/.test(text);
}

/**
 * The words of a script, roughly: enough to show what is likely meant, never to decide. Quotes are taken off; words of other
 * commands of the script are there, too.
 */
export function roughWords(text: string, where: string): readonly ShellWord[] {
  const words = text.slice(0, MAX_SCRIPT).match(/"[^"]*"|'[^']*'|[^\s"';|&()<>\\]+/g) ?? [];
  return words.map((word) => ({ text: word.replace(/^(["'])(.*)\1$/s, '$2'), where }));
}

/** The last part of a path. */
export function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}

/**
 * The script after `sh -c`, or after `python -c`, wherever it is in a command line: what it does is unknown without running it.
 * @returns the words of a shell's script, in place of the command line
 */
export function scriptOf(words: readonly ShellWord[], collector: Collector): readonly ShellWord[] | undefined {
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if (next === undefined || !/^-[a-z]*c$/i.test(word.text)) continue;
    const program = programBefore(words, index);
    // llama.cpp has -c NUMBER.
    if (program === undefined || (program === '-c' && /^\d*$/.test(next.text))) continue;
    const runs = SHELLS.has(program) ? 'a shell script' : `code of ${shown(program)}`;
    collector.unresolved(next.where, `runs ${runs}, which may load any model`);
    return SHELLS.has(program) || program === '-c' ? roughWords(next.text, next.where) : undefined;
  }
  return undefined;
}

/** The shell or Python that a `-c` belongs to; `-c` itself where it is the first word, for the image then names it. */
function programBefore(words: readonly ShellWord[], flag: number): string | undefined {
  // `-sc` is vLLM's.
  if (flag === 0) return words[0]?.text === '-sc' ? undefined : '-c';
  for (let at = flag - 1; at >= 0 && at >= flag - 8; at--) {
    const text = words[at]?.text ?? '';
    const name = baseName(text);
    if (SHELLS.has(name) || /^python[\d.]*$/.test(name)) return name;
    // Between the two stand options only, and their words; what follows a module is the module's.
    if (text === '-m') return undefined;
    if (!text.startsWith('-') && !/^[\w-]+$/.test(text)) return undefined;
  }
  return undefined;
}
