import { applyPatch, type createPatch } from 'rfc6902';
import { expect } from 'vitest';
import {
  decideReview,
  injectionCheck,
  type Mutation,
  type MutationOptions,
  mutateReview,
  ownContainerCheck,
  type WebhookState,
} from '../../../admission-webhook/src/index.ts';
import type { SnapshotEntry } from '../../../src/snapshot/index.ts';
import { approved, COMMIT, gateOf, heldSnapshot, NOW, requestOf, reviewOf, sha256 } from '../decide/support.ts';

export const IMAGE = 'ghcr.io/acme/assay@sha256:1111111111111111111111111111111111111111111111111111111111111111';
export const REWRITE: MutationOptions = { pin: 'rewrite', fetch: null };
export const ANNOTATE: MutationOptions = { pin: 'annotate', fetch: null };
export const FETCH: MutationOptions = { pin: 'off', fetch: { image: IMAGE } };

export const PINNED = `hf://acme/llama@${COMMIT}`;
export const OLDER = 'a'.repeat(40);
export const LORA = `hf://acme/lora@${'c'.repeat(40)}`;
export const DIGEST = `sha256:${'b'.repeat(64)}`;
export const IMAGE_PINNED = `oci://ghcr.io/acme/llama@${DIGEST}`;

/** Two versions of `acme/llama`, one of `acme/lora`, and one image. */
export const ENTRIES: readonly SnapshotEntry[] = [
  approved(PINNED, { number: 2 }),
  approved(`hf://acme/llama@${OLDER}`, { number: 1, digest: sha256('older') }),
  approved(LORA),
  approved(IMAGE_PINNED),
];

export async function webhook(entries: readonly SnapshotEntry[] = ENTRIES): Promise<WebhookState> {
  return gateOf(await heldSnapshot(entries));
}

type Fields = Readonly<Record<string, unknown>>;

export function podOf(container: Fields, spec: Fields = {}, metadata: Fields = {}): Fields {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...metadata },
    spec: { containers: [{ name: 'server', image: 'vllm/vllm-openai:v0.8', ...container }], ...spec },
  };
}

export interface Changed {
  readonly mutation: Mutation;
  /** The object after the patch, applied by another implementation of RFC 6902 than ours. */
  readonly object: unknown;
}

export function change(object: unknown, state: WebhookState, options: MutationOptions, more: Fields = {}): Changed {
  const request = requestOf(reviewOf(object as object, more));
  const mutation = mutateReview(request, state, options, NOW);
  return { mutation, object: patched(object, mutation) };
}

/** Fails for an operation whose path does not exist. */
export function patched(object: unknown, { patch }: Mutation): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(object));
  const outcomes = applyPatch(copy, patch as ReturnType<typeof createPatch>);
  expect(outcomes.filter((one) => one !== null)).toEqual([]);
  return copy;
}

/** The response of the webhook to the validation of the changed object. */
export function answer(object: unknown, state: WebhookState, options: MutationOptions, more: Fields = {}) {
  return decideReview(
    requestOf(reviewOf(object as object, more)),
    state,
    NOW,
    injectionCheck(options, state, NOW),
    ownContainerCheck(options),
  );
}
