export { Notifier } from './notifier.ts';
export { openQueue } from './open-queue.ts';
export type { JobHandler, OnJobProgress, Queue, Tell, WorkOptions } from './queue.ts';
