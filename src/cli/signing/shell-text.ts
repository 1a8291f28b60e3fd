import { terminalText } from '../../report/index.ts';

/** An argument as a POSIX shell takes it; characters that steer a terminal stand as escapes. */
export function shellText(argument: string): string {
  const plain = /^[\w@%+=:,./-]+$/.test(argument);
  return terminalText(plain ? argument : `'${argument.replaceAll("'", "'\\''")}'`, MAX_ARGUMENT);
}

/** Longer than any path. */
const MAX_ARGUMENT = 16_384;
