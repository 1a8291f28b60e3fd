import { baseName } from '../shell-words.ts';
import { INERT_PROGRAMS, PROGRAM_FOLDERS } from './table/index.ts';

/** The name of a program: as it stands, or within a folder of programs. */
export function programName(word: string): string | undefined {
  if (!word.includes('/')) return word;
  return PROGRAM_FOLDERS.has(word.slice(0, word.lastIndexOf('/'))) ? baseName(word) : undefined;
}

/** @returns the name of the inert program that a literal command runs; `undefined` for any other command */
export function inertCommand(words: readonly string[]): string | undefined {
  const [first = '', ...rest] = words;
  const name = programName(first);
  if (name === undefined || !Object.hasOwn(INERT_PROGRAMS, name)) return undefined;
  // Words are compared as one text: a space within one of them would be taken for two.
  if (rest.some((word) => word === '' || /\s/.test(word))) return undefined;
  return INERT_PROGRAMS[name]?.test(rest.join(' ')) === true ? name : undefined;
}
