import { parentPort } from 'node:worker_threads';
import { createHasher, type Hasher } from './hasher.ts';
import type { HashPlan, PlannedDigests } from './plan.ts';

/** A file, its blocks in order, and its end; `id` names it. */
export type HashRequest =
  | { readonly kind: 'start'; readonly id: number; readonly plans: readonly HashPlan[]; readonly size: number }
  | { readonly kind: 'block'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly id: number };

export type HashReply =
  | { readonly kind: 'taken'; readonly id: number }
  | { readonly kind: 'digest'; readonly id: number; readonly digests: readonly PlannedDigests[] };

const hashers = new Map<number, Hasher>();
/** One request after the other: making a hasher may wait for its code to load. */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: HashRequest) => {
  // A request that fails ends the thread, and the waiting callers get the error.
  last = last.then(() => answer(request));
});

async function answer(request: HashRequest): Promise<void> {
  if (request.kind === 'start') {
    hashers.set(request.id, await createHasher(request.plans, request.size));
    return;
  }
  const hasher = hashers.get(request.id);
  if (hasher === undefined) throw new Error(`no file ${request.id} was started`);
  if (request.kind === 'block') {
    hasher.update(request.bytes);
    reply({ kind: 'taken', id: request.id });
  } else {
    hashers.delete(request.id);
    reply({ kind: 'digest', id: request.id, digests: hasher.digest() });
  }
}

function reply(message: HashReply): void {
  parentPort?.postMessage(message);
}
