export { Bell } from './bell.ts';
export { openQueue } from './open-queue.ts';
export type { JobHandler, OnJobProgress, Queue, Tell, WorkOptions } from './queue.ts';
export { slept } from './slept.ts';
