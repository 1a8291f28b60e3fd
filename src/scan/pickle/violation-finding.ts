import type { TakingUse } from '../lists/index.ts';
import type { Rule } from '../scanner/index.ts';
import { BROKEN_CONTRACT, METHOD_OVERRIDE, UNUSUAL_USE } from './rules.ts';
import type { TypeViolation } from './types/index.ts';

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

/** What to say of something that a listed name was handed and may not be: malicious where it can act, else suspicious. */
export function violationFinding({ entry, use, found }: TypeViolation): ViolationFinding {
  const full = `${entry.module}.${entry.name}`;
  switch (found.kind) {
    case 'callable': {
      const name = found.name.replace(':', '.');
      const message = `${full} is handed ${name} ${HANDED[use]}, which can be called and is not what ${entry.library} puts there`;
      return { rule: BROKEN_CONTRACT, message, subject: full, evidence: name };
    }
    case 'own-member': {
      const name = found.name.replace(':', '.');
      const message = `${full} keeps ${name}, a method that models of ${entry.library} are not known to keep`;
      return { rule: UNUSUAL_USE, message, subject: full, evidence: name };
    }
    case 'special-key': {
      const message = `gives an instance of ${full} the attribute ${found.name}, which Python itself looks up`;
      return { rule: METHOD_OVERRIDE, message, subject: found.name, evidence: found.name };
    }
    case 'computed-key': {
      const message = `an attribute of an instance of ${full} has a name that is computed`;
      return { rule: BROKEN_CONTRACT, message, subject: full };
    }
    case 'odd-key':
      return { rule: UNUSUAL_USE, message: `a key in the state of ${full} is not a name`, subject: full };
  }
}
