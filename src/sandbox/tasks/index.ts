export type { TaskIo } from './task-io.ts';
export { type TaskName, taskNamed } from './tasks.ts';
