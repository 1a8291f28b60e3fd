import type { Registry } from '../../registry/index.ts';
import type { Tell } from '../queue/index.ts';
import { repeated } from './repeated.ts';

/** Signs what workers left: the process of the API holds the approval key, and workers, which read files of strangers, do not. */
export function startSigning({ signing }: Pick<Registry, 'signing'>, tell: Tell): { close(): Promise<void> } {
  return repeated('signing', () => signing.answerAll((why) => tell(`not signed: ${why}`)), tell);
}
