import { formatTitles } from '../../../../pipeline/index.ts';
import { DETECTORS } from '../../../../provenance/index.ts';
import { checkTerms, formatCheck } from './checks.ts';
import { limitTerms } from './limits.ts';
import { policyTerms } from './policy-rules.ts';
import { signatureTerms } from './signatures.ts';
import type { GlossaryEntry } from './term.ts';
import { verdictTerms } from './verdicts.ts';

export interface Glossary {
  readonly all: readonly GlossaryEntry[];
  /** A check and a rule of a policy may have the same id. */
  of(id: string): readonly GlossaryEntry[];
}

/** Everything that reports name by an id, but for the rules of scanners. */
export async function loadTerms(): Promise<Glossary> {
  const all = [
    ...checkTerms(),
    ...DETECTORS.map(dataCheck),
    ...(await policyTerms()),
    ...verdictTerms(),
    ...signatureTerms(),
    ...limitTerms(),
  ];
  return {
    all,
    of(id) {
      const known = all.filter((term) => term.id === id);
      const format = known.length > 0 ? undefined : formatCheck(id, formatTitles());
      return format === undefined ? known : [format];
    },
  };
}

function dataCheck({ id, title, falseAlarms, unseen }: (typeof DETECTORS)[number]): GlossaryEntry {
  return {
    id,
    kind: 'check',
    title,
    explanation: `A question of assay data about training data. False alarms: ${falseAlarms} What it cannot see: ${unseen}`,
    remedy: 'Look at the rows that the report of assay data lists.',
  };
}
