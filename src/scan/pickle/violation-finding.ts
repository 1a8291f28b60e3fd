import type { TakingUse } from '../lists/index.ts';
import type { Rule } from '../scanner/index.ts';
import { BROKEN_CONTRACT, METHOD_OVERRIDE, UNUSUAL_USE } from './rules.ts';
import { COMPILED, type TypeViolation } from './types/index.ts';

const HANDED: Readonly<Record<TakingUse, string>> = {
  call: 'as an argument',
  new: 'as an argument',
  build: 'in its state',
  items: 'as an item',
};

export interface ViolationFinding {
  readonly rule: Rule;
  readonly message: string;
  readonly subject: string;
  readonly evidence?: string;
}

/** The finding for a value that a listed name must not receive: malicious where it can act, else suspicious. */
export function violationFinding({ entry, use, found }: TypeViolation): ViolationFinding {
  const full = `${entry.module}.${entry.name}`;
  switch (found.kind) {
    case 'callable': {
      const name = found.name.replace(':', '.');
      // Its code is that of a library: calling it compiles it, and runs what the library would run.
      if (found.name === COMPILED) {
        const message = `${full} is given a compiled function ${HANDED[use]}, which ${entry.library} does not put there`;
        return { rule: UNUSUAL_USE, message, subject: full, evidence: name };
      }
      const message = `${full} is given ${name} ${HANDED[use]}: it can be called, and ${entry.library} does not put it there`;
      return { rule: BROKEN_CONTRACT, message, subject: full, evidence: name };
    }
    case 'own-member': {
      const name = found.name.replace(':', '.');
      const message = `${full} keeps ${name}, a method that no known model of ${entry.library} keeps`;
      return { rule: UNUSUAL_USE, message, subject: full, evidence: name };
    }
    case 'special-key': {
      const message = `sets the attribute ${found.name} of an instance of ${full}, which Python itself looks up`;
      return { rule: METHOD_OVERRIDE, message, subject: found.name, evidence: found.name };
    }
    case 'computed-key': {
      const message = `an attribute of an instance of ${full} has a computed name`;
      return { rule: BROKEN_CONTRACT, message, subject: full };
    }
    case 'odd-key':
      return { rule: UNUSUAL_USE, message: `a key in the state of ${full} is not a name`, subject: full };
  }
}
