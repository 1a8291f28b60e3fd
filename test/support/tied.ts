import { SETPRIV } from './kube/binaries.ts';

/** A command line whose process ends with this one, even if this one is killed, on systems that have `setpriv`. */
export function tied(program: string, args: readonly string[]): readonly [program: string, args: readonly string[]] {
  return SETPRIV === undefined ? [program, args] : [SETPRIV, ['--pdeathsig', 'KILL', program, ...args]];
}
