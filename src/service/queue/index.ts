export { Notifier } from './notifier.ts';
export { openQueue } from './open-queue.ts';
export type { HandledEnd, JobContext, JobHandler, OnCosts, OnJobProgress, Queue, Tell, WorkOptions } from './queue.ts';
