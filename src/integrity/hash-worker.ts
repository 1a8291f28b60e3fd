import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** A block of a file, or its end; `id` names the file. */
export type HashRequest =
  | { readonly kind: 'block'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly id: number };

export type HashReply =
  | { readonly kind: 'taken'; readonly id: number }
  | { readonly kind: 'digest'; readonly id: number; readonly sha256: string };

const hashes = new Map<number, Hash>();

parentPort?.on('message', (request: HashRequest) => {
  const hash = hashes.get(request.id) ?? createHash('sha256');
  if (request.kind === 'block') {
    hashes.set(request.id, hash.update(request.bytes));
    reply({ kind: 'taken', id: request.id });
  } else {
    hashes.delete(request.id);
    reply({ kind: 'digest', id: request.id, sha256: hash.digest('hex') });
  }
});

function reply(message: HashReply): void {
  parentPort?.postMessage(message);
}
