import { mkdir } from 'node:fs/promises';
import { AssayError } from '../../core/index.ts';
import { isRegistryError, type LiveRules, openLiveRules, type Registry } from '../../registry/index.ts';
import type { ServiceConfig } from '../config.ts';
import { openServiceRegistry } from '../open-registry.ts';
import { messageOf } from '../problems/index.ts';
import { openQueue } from '../queue/index.ts';
import { type ScanWorkOptions, workOnScans } from './work-on-scans.ts';

const RELOAD_MS = 10_000;

/**
 * A worker in a process of its own: opens registry and queue, works until `options.signal` fires, and closes them.
 * @throws AssayError about what the configuration names, the database included
 */
export async function startWorker(config: ServiceConfig, options: ScanWorkOptions): Promise<void> {
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  const live = await openLiveRules(config.rules);
  const registry = await open(config, live);
  // Scans use the same rules as the service, which reloads them as often.
  const reload = () => live.reload().catch((error: unknown) => options.tell(`rules: ${messageOf(error)}`));
  const timer = setInterval(reload, RELOAD_MS);
  try {
    const queue = await openQueue(config, registry, options.tell);
    try {
      await workOnScans({ config, registry, queue }, options);
    } finally {
      await queue.close();
    }
  } finally {
    clearInterval(timer);
    await registry.close();
  }
}

async function open(config: ServiceConfig, live: LiveRules): Promise<Registry> {
  try {
    // A worker reads files of strangers: it has no secret of sessions and webhooks, and no approval key, even when it is given one.
    return await openServiceRegistry({ ...config, sessionSecret: null, approvalKey: null }, live, true);
  } catch (error) {
    if (!isRegistryError(error)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new AssayError('unreadable', error.message, { subject: 'the database', cause: error, ...hint });
  }
}
