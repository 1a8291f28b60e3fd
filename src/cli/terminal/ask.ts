import { createInterface } from 'node:readline/promises';
import type { Shell } from './shell.ts';

/** Whether somebody sits there who can be asked. */
export function canAsk({ stderr }: Shell): boolean {
  return process.stdin.isTTY === true && stderr.isTTY === true;
}

/** Asks for a yes; everything else, the end of the input and Ctrl-C among it, is a no. */
export async function isConfirmed(question: string, { signal }: Shell): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => void lines.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), closed]);
    return /^y(?:es)?$/i.test(answer.trim());
  } catch (error) {
    if (signal.aborted || (error instanceof Error && error.name === 'AbortError')) return false;
    throw error;
  } finally {
    lines.close();
  }
}
