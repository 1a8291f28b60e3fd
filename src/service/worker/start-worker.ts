import { mkdir } from 'node:fs/promises';
import { AssayError } from '../../core/errors.ts';
import { isRegistryError, type Registry } from '../../registry/index.ts';
import type { ServiceConfig } from '../config.ts';
import { openServiceRegistry } from '../open-registry.ts';
import { openQueue } from '../queue/index.ts';
import { type ScanWorkOptions, workOnScans } from './work-on-scans.ts';

/**
 * A worker in a process of its own: opens registry and queue, works until `options.signal` fires, and closes them.
 * @throws AssayError about what the configuration names, the database included
 */
export async function startWorker(config: ServiceConfig, options: ScanWorkOptions): Promise<void> {
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  const registry = await open(config);
  try {
    const queue = await openQueue(config, registry, options.tell);
    try {
      await workOnScans({ config, registry, queue }, options);
    } finally {
      await queue.close();
    }
  } finally {
    await registry.close();
  }
}

async function open(config: ServiceConfig): Promise<Registry> {
  try {
    return await openServiceRegistry(config);
  } catch (error) {
    if (!isRegistryError(error)) throw error;
    const mend = error.mend === undefined ? {} : { mend: error.mend };
    throw new AssayError('unreadable', error.message, { subject: 'the database', cause: error, ...mend });
  }
}
