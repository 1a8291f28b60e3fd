import { step } from '../own.ts';
import { readCommand } from './command.ts';

/** @returns why the command of a hook may load something; `undefined` for an inert one */
export function whyActiveHook(command: readonly unknown[], where: string): string | undefined {
  const words = command.map((text, index) => ({ text: String(text), where: step(step(where, 'command'), index) }));
  const read = readCommand(words, where);
  if (read.kind === 'inert' && !words.some(({ text }) => text.includes('$('))) return undefined;
  return read.kind === 'unknown' ? read.problem.why : 'runs a program that loads models';
}
