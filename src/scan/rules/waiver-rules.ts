import { WAIVER_RULES } from '../../core/assessment/index.ts';
import type { Rule } from '../scanner/index.ts';

/** What policies report about void waivers; none of these rules worsens the verdict of a file. */
export const waiverRules: readonly Rule[] = [
  {
    ...WAIVER_RULES.expired,
    title: 'A waiver has expired',
    verdict: 'none',
    explanation:
      'The organisation had waived a rule for exactly these bytes, and the waiver has expired. The waived findings count again. A waiver expires so that its owner reviews it: its reason may no longer be valid.',
    remedy: 'Correct the cause of the finding, or ask the owner of the waiver to review it and set a new expiry.',
  },
  {
    ...WAIVER_RULES['other-artifact'],
    title: 'A waiver is for other bytes',
    verdict: 'none',
    explanation:
      'A waiver would apply here, but it names an artifact with another digest. A waiver covers exactly the bytes of that digest: a change of one byte can change the waived finding.',
    remedy: 'Review the change. Then set the new digest in the waiver, or remove the waiver for this artifact.',
  },
  {
    ...WAIVER_RULES.refused,
    title: 'A waiver names a rule that cannot be waived',
    verdict: 'none',
    explanation:
      'A waiver names something that cannot be waived: a malicious file or its findings, bytes or signatures that do not match, content that was not read, or another void waiver. Assay ignores it. Ask why someone who can write waivers requested it.',
    remedy: 'Remove the waiver, and ask its owner for the reason. Remove a malicious file from the model.',
  },
];
