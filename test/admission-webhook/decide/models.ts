import type { HeldSnapshot } from '../../../admission-webhook/src/index.ts';
import { approved, COMMIT, denied, heldSnapshot, sha256 } from './support.ts';

// The decisions that the rules are tested with, and containers that load the decided models.

export const OTHER = 'f'.repeat(40);
export const GOOD = `hf://acme/good@${COMMIT}`;
export const DIGEST = sha256('image');
export const IMAGE = `reg.io/acme/server@${DIGEST}`;
export const LISTED = sha256('allowed image');
export const ALLOWED_IMAGE = `reg.io/acme/tool@${LISTED}`;

export const ENTRIES = [
  approved(GOOD, { report: 'https://assay.example/models/acme/good/1' }),
  approved(`hf://acme/code@${COMMIT}`, { remoteCode: true }),
  approved(`hf://acme/staged@${COMMIT}`, { stages: [{ stage: 'staging', notAfter: null }] }),
  approved(`hf://acme/ended@${COMMIT}`, { stages: [{ stage: 'production', notAfter: '2026-11-25T11:30:00Z' }] }),
  approved(`hf://acme/mirrored@${COMMIT}`, { endpoint: 'https://mirror.example' }),
  denied({
    model: 'acme/bad',
    digest: sha256('bad'),
    refs: [`hf://acme/bad@${COMMIT}`],
    reason: 'it was revoked: it opens a connection',
    report: 'https://assay.example/models/acme/bad/1',
  }),
  approved(`oci://reg.io/acme/weights@${DIGEST}`),
  approved(`oci://reg.io/acme/server@${DIGEST}`, { digest: sha256('server') }),
];

/** All decisions above, and an image that is allowed to run without a model. */
export function heldModels(): Promise<HeldSnapshot> {
  return heldSnapshot(ENTRIES, { images: [{ digest: LISTED, notAfter: null }] });
}

export const vllm = (model: string, ...more: readonly string[]) => ({
  image: 'vllm/vllm-openai:v1',
  args: ['--model', model, ...more],
});
export const pinned = (repo: string, ...more: readonly string[]) => vllm(repo, '--revision', COMMIT, ...more);
export const withEnv = (container: object, name: string, value: string) => ({ ...container, env: [{ name, value }] });
