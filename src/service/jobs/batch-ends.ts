import type { Registry } from '../../registry/index.ts';
import type { Tell } from '../queue/index.ts';
import { repeated } from './repeated.ts';

/** Ends batches whose jobs have ended, whichever process worked on them and whether it still lives. */
export function startBatchEnds({ batches }: Pick<Registry, 'batches'>, tell: Tell): { close(): Promise<void> } {
  return repeated('batches', () => batches.endAll(), tell);
}
