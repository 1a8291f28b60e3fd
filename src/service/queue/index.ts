export { Notifier } from './notifier.ts';
export { openQueue } from './open-queue.ts';
export type { HandledEnd, JobHandler, OnJobProgress, Queue, Tell, WorkOptions } from './queue.ts';
