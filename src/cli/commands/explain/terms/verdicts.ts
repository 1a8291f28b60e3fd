import type { Decision, Verdict } from '../../../../core/assessment/index.ts';
import type { GlossaryEntry } from './term.ts';

const VERDICTS: Readonly<Record<Verdict, string>> = {
  clean: 'The file was fully parsed: every global is listed and its contract kept, or it is plain data',
  'not-assessed': 'The format is identified, and no scanner of this version judges it',
  suspicious: 'The file was fully parsed: an unlisted global is imported or constructed, or the structure is odd',
  unknown: 'Parsing stopped, a limit was met, a codec is missing, or bytes were left unread',
  malicious: 'A dangerous capability is reached, or a contract is broken by something that can act',
};

const OUTCOMES: Readonly<Record<Decision['waivers'][number]['outcome'], string>> = {
  applied: 'The waiver covers the findings that it lists',
  expired: 'The waiver has expired, and is void',
  'other-artifact': 'The waiver is for other bytes, and is void',
  refused: 'The waiver asks for something that cannot be waived, such as a malicious verdict',
  unused: 'Nothing needed the waiver',
};

export function verdictTerms(): GlossaryEntry[] {
  const verdicts = Object.entries(VERDICTS).map(([id, title]) => ({
    id,
    kind: 'verdict' as const,
    title,
    explanation:
      'The verdict of a file is the worst of its readings. The policy decides what it means for the artifact.',
  }));
  const outcomes = Object.entries(OUTCOMES).map(([id, title]) => ({
    id,
    kind: 'outcome' as const,
    title,
    explanation: 'The outcome of a waiver in a decision.',
  }));
  return [...verdicts, ...outcomes];
}
