import type { Rule } from '../scanner/index.ts';

const REFERENCES = { owasp: ['ML06:2023'], atlas: ['AML.T0010'] } as const;

export const LOOK_ALIKE: Rule = {
  id: 'hub.name.look-alike',
  title: 'The owner of a model has a name that looks like a well-known one',
  severity: 'low',
  verdict: 'none',
  explanation:
    'The name of the owner differs from that of a well-known publisher of the Hugging Face Hub by letters that look alike, by a digit for a letter, by a separator, by one character, or by a word such as `official`. Attackers register such names, so that a reader or a typing error takes their models for those of the publisher.',
  remedy: 'Compare the name with the one that the publisher states on its own pages.',
  ...REFERENCES,
  cwe: ['CWE-1007', 'CWE-451'],
};

export const UNPINNED_BASE: Rule = {
  id: 'hub.unpinned.base',
  title: 'An adapter loads its base model without a commit',
  severity: 'low',
  verdict: 'none',
  explanation:
    'The configuration of the adapter names its base model, and no commit of it. Libraries load the newest version of that repository together with the adapter: its owner can replace the bytes that run with the adapter.',
  remedy:
    'Set `revision` in adapter_config.json to the commit that was used, as the message shows, or load the base model from a place of your own.',
  owasp: ['ML06:2023', 'ML07:2023'],
  atlas: ['AML.T0010.003'],
  cwe: ['CWE-494'],
};

export const UNPINNED_CARD: Rule = {
  id: 'hub.unpinned.card',
  title: 'A model card names a base model without a commit',
  severity: 'info',
  verdict: 'none',
  explanation:
    'The card says from which model this one was made, but not from which version of it. Nothing loads that name; whoever wants to check the lineage cannot tell the bytes.',
  remedy: 'Name the commit beside the base model, as the message shows.',
  owasp: ['ML07:2023'],
  atlas: ['AML.T0010.003'],
  cwe: ['CWE-1357'],
};

export const nameRules: readonly Rule[] = [LOOK_ALIKE, UNPINNED_BASE, UNPINNED_CARD];
