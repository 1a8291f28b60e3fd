import type { Registry } from '../../registry/index.ts';
import type { ServiceConfig } from '../config.ts';
import { embeddedQueue } from './embedded.ts';
import type { Queue, Tell } from './queue.ts';

/**
 * The queue that the configuration names, over the jobs of the registry. Redis need not be there yet.
 * @throws AssayError `usage` for an address that is none
 */
export async function openQueue(
  config: Pick<ServiceConfig, 'queue'>,
  registry: Pick<Registry, 'jobs'>,
  tell: Tell,
): Promise<Queue> {
  if (config.queue === 'embedded') return embeddedQueue(registry.jobs);
  const { bullmqQueue } = await import('./bullmq.ts');
  return bullmqQueue(config.queue, registry.jobs, tell);
}
