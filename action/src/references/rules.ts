import type { Finding } from '../../../src/core/assessment/index.ts';
import type { RuleInfo } from '../../../src/report/index.ts';
import { changeFinding } from '../change/index.ts';
import type { PlacedReference } from './introduced.ts';

const REFERENCES = { owasp: ['ML06:2023'], atlas: ['AML.T0010'], cwe: ['CWE-494'] } as const;

export const REFERENCE_RULES = {
  unpinned: {
    id: 'reference.unpinned',
    title: 'A model is loaded by a name that can lead to other bytes',
    severity: 'medium',
    explanation:
      'The line loads a model by its name, a branch or a tag. Anybody who can write to that repository can change the model, so bytes that were not scanned may run.',
    remedy: 'Write the commit beside the name; the message has it.',
    ...REFERENCES,
  },
  unresolved: {
    id: 'reference.unresolved',
    title: 'The name of a loaded model is computed',
    severity: 'low',
    explanation:
      'The line loads a model whose name is computed, given from outside, or chosen by a library. It was not scanned, because its name is unknown.',
    remedy: 'Write the name and the commit as constants, or load only what Assay allowed: `assay pull`.',
    ...REFERENCES,
  },
  remoteCode: {
    id: 'reference.remote-code',
    title: 'Code of a model repository is run',
    severity: 'medium',
    explanation: 'The line makes the loader run Python code from the model repository.',
    remedy: 'Leave trust_remote_code out, or pin the commit and review the code in it.',
    ...REFERENCES,
    cwe: ['CWE-829'],
  },
  notScanned: {
    id: 'reference.not-scanned',
    title: 'A referenced model was not scanned',
    severity: 'high',
    explanation: 'The line loads a model that could not be read, or that is in a store which Assay does not read.',
    remedy: 'Give the Action access to it, or load the model from a source that it reads.',
    ...REFERENCES,
  },
  dataset: {
    id: 'reference.dataset',
    title: 'A dataset is loaded that was not scanned',
    severity: 'low',
    explanation: 'The line loads a dataset of the Hub. Assay scans models of the Hub, not datasets.',
    remedy: 'Pin its revision, and check the data with the data checks of Assay.',
    ...REFERENCES,
    cwe: ['CWE-349'],
  },
  denied: {
    id: 'reference.denied',
    title: 'A referenced model is denied',
    severity: 'critical',
    explanation: 'The line loads a model that the policy denies.',
    remedy: 'Do not load it; see the findings in the report.',
    ...REFERENCES,
    cwe: ['CWE-506'],
  },
} as const satisfies Readonly<Record<string, RuleInfo>>;

/** A finding on the line that references. */
export function referenceFinding(
  rule: RuleInfo,
  { file, line }: PlacedReference,
  message: string,
  subject: string,
): Finding {
  return changeFinding(rule, file, message, subject, line);
}
