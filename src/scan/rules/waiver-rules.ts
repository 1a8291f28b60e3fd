import { WAIVER_RULES } from '../../core/assessment/index.ts';
import type { Rule } from '../scanner/index.ts';

/** What policies report of waivers that do not count; none of them makes a file worse than it is. */
export const waiverRules: readonly Rule[] = [
  {
    ...WAIVER_RULES.expired,
    title: 'A waiver that has ended',
    verdict: 'none',
    explanation:
      'The organisation had waived a rule for exactly these bytes, and the day until which it did has passed. What was waived counts again. An end is there so that somebody looks again: the reason for the waiver may no longer hold.',
    remedy: 'Correct what the waiver was for, or ask its owner to review it and set a new end.',
  },
  {
    ...WAIVER_RULES['other-artifact'],
    title: 'A waiver of other bytes',
    verdict: 'none',
    explanation:
      'A waiver would apply here, but it was given for an artifact with another digest. Waivers bind to every byte of the artifact: a change of one may have changed what was waived.',
    remedy: 'Review the change, then give the waiver the new digest, or leave it out for this artifact.',
  },
  {
    ...WAIVER_RULES.refused,
    title: 'A waiver of a rule that cannot be waived',
    verdict: 'none',
    explanation:
      'A waiver names what cannot be waived: a malicious file or its findings, bytes or signatures that are not what was announced, what was not read, or another void waiver. It is disregarded. Somebody who can write waivers asked for it, which is worth a question.',
    remedy: 'Remove the waiver, and ask its owner why it is there. A malicious file is to be removed from the model.',
  },
];
