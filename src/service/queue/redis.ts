import type { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import { AssayError } from '../../core/index.ts';
import { messageOf } from '../problems/index.ts';
import type { Tell } from './queue.ts';

export const QUEUE_NAME = 'scans';
/** Braces keep all keys in one slot of a Redis Cluster. */
export const PREFIX = '{assay}';
/** On it, ids of jobs that were cancelled. */
export const CANCEL_CHANNEL = `${PREFIX}:cancel`;
/** On it, that there are new jobs. */
export const NEW_CHANNEL = `${PREFIX}:new`;
const MAX_PAUSE_MS = 1_000;

/** Redis and Valkey come back: a connection is tried again, soon and for ever. */
export const RECONNECT = { retryStrategy: (times: number) => Math.min(50 * 2 ** times, MAX_PAUSE_MS) };

/** @throws AssayError `usage` for what is not an address of a Redis; the address, which may hold a password, is not repeated */
export function checkRedisUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && /^rediss?:$/.test(parsed.protocol) && parsed.hostname !== '') return url;
  throw new AssayError('usage', 'is neither "embedded" nor the address of a Redis or Valkey', {
    subject: '--queue',
    hint: 'write redis://host:6379, or rediss:// for TLS',
  });
}

/** A client whose troubles are told once for each time that the server goes away. */
export function connectRedis(
  url: string,
  options: { readonly maxRetriesPerRequest: number | null },
  tell: Tell,
): Redis {
  const client = new Redis(url, { ...RECONNECT, ...options });
  tellOnce(client, tell);
  return client;
}

/** Reports the first of a row of errors; the next `ready` ends the row. */
export function tellOnce(emitter: EventEmitter, tell: Tell): void {
  let told = false;
  emitter.on('error', (error: unknown) => {
    if (!told) tell(`the Redis of the queue: ${messageOf(error)}`);
    told = true;
  });
  emitter.on('ready', () => {
    told = false;
  });
}

/**
 * What is wrong with how the server keeps its keys; `undefined` when nothing is. A server that evicts keys forgets jobs, which
 * `sync` has to tell it again.
 */
export async function evictionTrouble(client: Redis): Promise<string | undefined> {
  const policy = /^maxmemory_policy:(.*)$/m.exec(await client.info('memory'))?.[1]?.trim();
  if (policy === undefined || policy === 'noeviction') return undefined;
  return `the Redis of the queue has maxmemory-policy ${policy}, and may lose jobs; set it to noeviction`;
}
