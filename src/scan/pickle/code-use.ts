import type { LoaderSet } from '../../formats/pickle/index.ts';
import type { GlobalPolicy } from '../lists/index.ts';
import { breachText, type CodeUse } from './contracts/index.ts';
import { CODE_RUNS, COMPUTED_NAME, DANGEROUS_GLOBAL, UNLISTED_GLOBAL } from './rules.ts';
import type { Sayer } from './sayer.ts';

interface Imports {
  readonly globals: GlobalPolicy;
  imported(name: string, loaders: LoaderSet): void;
}

/** Reports what a stream does with code by value. Code that is only kept was reported at the import of its maker. */
export function sayCodeUse(
  use: CodeUse,
  say: Sayer,
  imports: Imports,
  { offset, shown }: { readonly offset: number; readonly shown: () => string },
): void {
  if (use.kind === 'made') {
    if (use.breach !== undefined) say.report(CODE_RUNS, breachText(use.breach), 'code', offset, shown);
    return;
  }
  const { module } = use;
  if (module === undefined) {
    say.report(COMPUTED_NAME, 'imports a module by a name that a call computes', 'module', offset, shown);
    return;
  }
  imports.imported(module, say.loaders);
  const standing = imports.globals.standing({ module, name: '*', mapped: false });
  if (standing.kind === 'dangerous')
    say.report(DANGEROUS_GLOBAL, `imports ${module}: ${standing.danger}`, module, offset, shown);
  else say.report(UNLISTED_GLOBAL, `imports the module ${module}`, module, offset, shown);
}
