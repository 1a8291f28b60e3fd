import type { KeyObject } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { fileCode } from '../core/index.ts';
import { SNAPSHOT_LIMITS } from './limits.ts';
import { openParts } from './open.ts';
import { buffersOf, packSnapshot } from './pack.ts';
import type { PackedSnapshot } from './packed.ts';
import { ShrinkableMemory } from './shrinkable-memory.ts';
import { isSnapshotError, SnapshotError, type SnapshotProblem } from './snapshot-error.ts';

/** One file to judge; the thread ends after it, and its memory with it. */
export interface PackRequest {
  readonly path: string;
  readonly keys: readonly KeyObject[];
  readonly tenant?: string;
  readonly minVersion?: number;
  readonly seed: number;
}

export type PackReply =
  | { readonly kind: 'packed'; readonly packed: PackedSnapshot }
  | { readonly kind: 'refused'; readonly problem: SnapshotProblem; readonly message: string }
  | { readonly kind: 'unreadable'; readonly code: string };

function pack({ path, seed, ...options }: PackRequest): PackReply {
  try {
    const room = readWhole(path);
    return { kind: 'packed', packed: packSnapshot(openParts(room.bytes(), { ...options, spend: room }), seed) };
  } catch (error) {
    if (isSnapshotError(error)) return { kind: 'refused', problem: error.problem, message: error.message };
    const code = fileCode(error);
    if (code !== undefined) return { kind: 'unreadable', code };
    throw error;
  }
}

/** Bytes of their own, since they are overwritten. A file that grows meanwhile is read as far as it was. */
function readWhole(path: string): ShrinkableMemory {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size > SNAPSHOT_LIMITS.maxBytes) {
      throw new SnapshotError('limit', `the snapshot has more than ${SNAPSHOT_LIMITS.maxBytes} bytes`);
    }
    const room = ShrinkableMemory.of(size);
    const bytes = room.bytes();
    let done = 0;
    for (let read = -1; done < size && read !== 0; done += read) read = readSync(file, bytes, done, size - done, null);
    room.cut(done);
    return room;
  } finally {
    closeSync(file);
  }
}

const reply = pack(workerData as PackRequest);
parentPort?.postMessage(reply, reply.kind === 'packed' ? buffersOf(reply.packed) : []);
