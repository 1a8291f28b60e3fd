import { type CreatableKind, createStatement, type StatementInputs } from '../../../src/integrity/statements/create.ts';
import type { Statement } from '../../../src/integrity/statements/statement.ts';
import { subjectsOf } from '../../../src/integrity/statements/subject.ts';

export const TREE = `sha256:${'a1'.repeat(32)}`;
export const OTHER_TREE = `sha256:${'b2'.repeat(32)}`;
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
export const PINNED = `hf://acme/model@${COMMIT}`;
export const NOW = new Date('2026-11-25T12:00:00Z');
export const LATER = new Date('2099-01-31T00:00:00Z');

export const SUBJECTS = subjectsOf({
  pinned: PINNED,
  tree: TREE,
  omsRoots: { referenceOrder: 'c3'.repeat(32), specOrder: 'd4'.repeat(32) },
  gitCommit: COMMIT,
  ociManifest: `sha256:${'e5'.repeat(32)}`,
});

const policy = { name: 'baseline', digest: `sha256:${'f6'.repeat(32)}` };
const ruleset = { version: '2026.11.1', digest: `sha256:${'07'.repeat(32)}` };

export const INPUTS: { readonly [K in CreatableKind]: StatementInputs[K] } = {
  scan: {
    subjects: SUBJECTS,
    result: 'WARNED',
    policy,
    ruleset,
    passed: ['integrity.checksum', 'format.pickle.scan'],
    warned: ['verdict.not-assessed'],
    failed: [],
    url: 'https://ci.example/runs/1',
  },
  approval: { subjects: SUBJECTS, stage: 'production', at: NOW, until: LATER, policy, ruleset },
  waiver: {
    subjects: SUBJECTS,
    rule: 'pickle.global.unlisted',
    file: 'tokenizer/vocab.pkl',
    reason: 'our own tokenizer, reviewed in SEC-12 “ja”',
    owner: 'ml-platform@acme.example',
    at: NOW,
    expires: LATER,
  },
  'break-glass': {
    namespaces: ['payments', 'fraud'],
    reference: PINNED,
    outcomes: ['unlisted', 'expired'],
    reason: 'incident 42',
    owner: 'sre@acme.example',
    at: NOW,
    expires: new Date('2026-11-28T12:00:00Z'),
  },
  decision: {
    subjects: SUBJECTS,
    resourceUri: PINNED,
    action: 'allow',
    at: NOW,
    version: '0.1.0',
    policy,
    inputs: [{ name: 'scan.json', uri: 'https://ci.example/scan.json', digest: `sha256:${'18'.repeat(32)}` }],
  },
};

/** The samples about an artifact. */
export const KINDS: readonly Exclude<CreatableKind, 'break-glass'>[] = ['scan', 'approval', 'waiver', 'decision'];

export function sample(kind: CreatableKind): Statement {
  return createStatement(kind, INPUTS[kind]);
}

export function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
