import { createHash } from 'node:crypto';
import type { SnapshotEntry } from '../../../src/snapshot/index.ts';

/** A model in every form in which objects pin one. */
export interface Model {
  /** `owner/name` of the Hub. */
  readonly repo: string;
  readonly commit: string;
  /** The reference as in messages. */
  readonly hub: string;
  /** The form of KServe, with the revision after a colon. */
  readonly kserve: string;
  /** The form without a scheme, as in containers. */
  readonly image: string;
  /** The same in a container whose folder is the model (KServe). */
  readonly modelcar: string;
  readonly s3: string;
  readonly https: string;
  readonly registered: string;
}

export function modelOf(owner: string, name: string): Model {
  const repo = `${owner}/${name}`;
  const commit = createHash('sha1').update(repo).digest('hex');
  const sha256 = createHash('sha256').update(repo).digest('hex');
  return {
    repo,
    commit,
    hub: `hf://${repo}@${commit}`,
    kserve: `hf://${repo}:${commit}`,
    image: `ghcr.io/${repo}@sha256:${sha256}`,
    modelcar: `ghcr.io/${repo}-modelcar@sha256:${sha256}`,
    s3: `s3://models/${repo}/model.tar.gz?versionId=v-${name}`,
    https: `https://models.example/${repo}/model.gguf#sha256=${sha256}`,
    registered: `models:/${owner}-${name}/3`,
  };
}

export const APPROVED = modelOf('acme', 'llama');
/** A model without a decision. */
export const STRAY = modelOf('stray', 'llama');
/** Approved together with its own code. */
export const CODED = modelOf('acme', 'coder');
/** A denied model. */
export const REVOKED = modelOf('acme', 'revoked');
/** Approved for staging only. */
export const STAGED = modelOf('acme', 'staged');
/** Approved for another Hub. */
export const MIRRORED = modelOf('acme', 'mirrored');
export const MIRROR = 'https://hub.acme.example';
/** An image that is allowed to run without a model. */
export const TOOL_DIGEST = `sha256:${createHash('sha256').update('tool').digest('hex')}`;

/** An image of a server that is allowed to run. */
export const SERVER_DIGEST = `sha256:${createHash('sha256').update('server').digest('hex')}`;

const hash = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

export function entryOf(model: Model, more: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return {
    model: model.repo,
    number: 1,
    digest: hash(model.repo),
    refs: [model.hub, `oci://${model.image}`, `oci://${model.modelcar}`, model.s3, model.https, model.registered],
    endpoint: null,
    status: 'approved',
    stages: [
      { stage: 'staging', notAfter: null },
      { stage: 'production', notAfter: null },
    ],
    remoteCode: false,
    policy: { name: 'baseline', digest: hash('policy') },
    reason: '',
    report: `https://assay.example/models/${model.repo}/1`,
    ...more,
  };
}

/** The decisions of the samples: every model above, and a number of others. */
export function decisions(others = 0): readonly SnapshotEntry[] {
  return [
    entryOf(APPROVED),
    entryOf(CODED, { remoteCode: true }),
    entryOf(REVOKED, { status: 'denied', stages: [], reason: 'it was revoked: its tokenizer runs code' }),
    entryOf(STAGED, { stages: [{ stage: 'staging', notAfter: null }] }),
    entryOf(MIRRORED, { endpoint: MIRROR, refs: [MIRRORED.hub] }),
    ...Array.from({ length: others }, (_, i) => entryOf(modelOf('many', `model-${i}`))),
  ];
}
