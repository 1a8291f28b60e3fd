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
  image: {
    image: `oci://registry.example/tools/wait@sha256:${'a1'.repeat(32)}`,
    tag: '1.2',
    as: 'sealed',
    facts: { entrypoint: ['/wait'], cmd: [], env: ['PATH=/usr/bin', 'EMPTY='], workingDir: '/', volumes: ['/data'] },
    platforms: ['linux/amd64', 'linux/arm64'],
    reason: 'it holds one program',
    at: NOW,
    expires: LATER,
  },
  baseline: {
    templates: ['a'.repeat(64), 'b'.repeat(64)],
    reason: 'enforcement began',
    owner: 'platform@acme.example',
    at: NOW,
    expires: new Date('2027-03-31T00:00:00Z'),
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
  conversion: {
    conversion: {
      schemaVersion: '1',
      tool: { name: 'assay', version: '0.1.0' },
      ruleset,
      target: 'onnx',
      source: { ref: './m.pkl', pinned: './m.pkl', digest: OTHER_TREE, verdict: 'clean' },
      sandbox: null,
      published: true,
      salvaged: false,
      files: [
        {
          path: 'sub/m.onnx',
          size: 12,
          sha256: 'a1'.repeat(32),
          verdict: 'not-assessed',
          from: [{ path: 'm.pkl', sha256: 'b3'.repeat(32), verdict: 'clean' }],
          format: 'sklearn.linear_model.Ridge',
          tensors: 2,
          leftOut: [],
          verification: {
            kind: 'against source outputs',
            of: 'file',
            pass: true,
            runtime: { name: 'onnxruntime-node', version: '1.30.0' },
            inputs: { from: 'file', sha256: TREE, rounded: false },
            outputs: { sha256: TREE },
            rows: 24,
            runs: [],
            tensors: null,
            problem: null,
            compared: [
              {
                output: 'variable',
                role: 'values',
                compared: 24,
                different: 0,
                undecided: 0,
                maxAbsolute: 1.5e-7,
                maxRelative: 3e-8,
                agreement: null,
                tolerance: { absolute: 1e-5, relative: 1e-5 },
                problem: null,
                pass: true,
              },
            ],
          },
        },
      ],
      indexes: [],
      attestation: null,
      skipped: [],
    },
    at: NOW,
  },
  data: {
    report: {
      schemaVersion: '1',
      tool: { name: 'assay', version: '0.1.0' },
      engine: { name: 'DuckDB', version: 'v1.5.6' },
      files: [
        {
          path: '/home/me/data/train.csv',
          split: 'train',
          format: 'csv',
          bytes: 12,
          sha256: `sha256:${'d1'.repeat(32)}`,
        },
      ],
      rows: 4,
      splits: [{ name: 'train', rows: 4 }],
      columns: [{ name: 'y', type: 'VARCHAR', role: 'label' }],
      baseline: { path: '/home/me/approved.json', sha256: `sha256:${'d2'.repeat(32)}`, rows: 3 },
      status: 'fail',
      owasp: { 'ML02:2023': { status: 'fail', evidence: 'direct', checks: ['data.label-drift'] } },
      checks: [
        {
          id: 'data.label-drift',
          title: 'Are labels as frequent?',
          weight: 'decides',
          status: 'fail',
          detail: 'the label "spam" is more frequent',
          measures: [],
          rows: [{ row: 1, id: 'a secret', why: 'it holds a secret', score: 1 }],
          rowCount: 1,
          figures: [],
          falseAlarms: 'none',
          unseen: 'nothing',
        },
      ],
    },
    profile: 'd3'.repeat(32),
    at: NOW,
  },
  tests: {
    report: {
      schemaVersion: '1',
      tool: { name: 'assay', version: '0.1.0' },
      model: {
        path: 'sub/m.onnx',
        sha256: 'a1'.repeat(32),
        data: [{ path: 'sub/m.onnx.data', sha256: 'a2'.repeat(32) }],
      },
      artifact: { ref: './m', pinned: './m' },
      suite: { path: '/home/me/tests/suite.yaml', name: 'digits', sha256: 'b4'.repeat(32), seed: 1 },
      data: [{ name: 'held-out', rows: 597, sha256: TREE }],
      baseline: null,
      device: {
        requested: 'cpu',
        device: 'cpu',
        runtime: { name: 'onnxruntime-node', version: '1.30.0' },
        drivers: [],
        share: 1,
        elsewhere: [],
        elsewhereCount: 0,
        passedOver: [],
      },
      rowsAtOnce: 597,
      status: 'pass',
      tests: [
        {
          id: 'accuracy',
          kind: 'accuracy',
          area: 'known-input',
          data: 'held-out',
          rows: 597,
          status: 'pass',
          detail: 'accuracy: 0.978224',
          measures: [
            {
              name: 'accuracy',
              value: 0.978,
              interval: { low: 0.963, high: 0.987, level: 0.95 },
              min: 0.9,
              max: null,
              baseline: null,
              drop: null,
              rise: null,
              pass: true,
            },
          ],
          figures: [],
        },
      ],
    },
    at: NOW,
  },
  training: {
    model: [{ path: 'sub/m.onnx', sha256: 'a1'.repeat(32) }],
    predicate: {
      buildDefinition: {
        buildType: 'https://assay.dev/training/v1',
        externalParameters: { run: 'fraud-12', hyperparameters: { epochs: '3' } },
        resolvedDependencies: [
          {
            name: 'train.csv',
            uri: 's3://acme/train.csv',
            digest: { sha256: 'd1'.repeat(32) },
            annotations: { role: 'data' },
          },
          { name: 'acme/base', digest: { gitCommit: COMMIT }, annotations: { role: 'base' } },
          { uri: 'git+https://git.example/fraud', digest: { gitCommit: COMMIT }, annotations: { role: 'code' } },
          { name: 'numpy', uri: 'pkg:pypi/numpy@2.0.0' },
        ],
      },
      runDetails: { builder: { id: 'https://ci.example/trainer' }, metadata: { finishedOn: '2026-11-25T11:00:00Z' } },
    },
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
export const KINDS: readonly Exclude<
  CreatableKind,
  'baseline' | 'break-glass' | 'image' | 'conversion' | 'tests' | 'data' | 'training'
>[] = ['scan', 'approval', 'waiver', 'decision'];

export function sample(kind: CreatableKind): Statement {
  return createStatement(kind, INPUTS[kind]);
}

export function bytesOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
