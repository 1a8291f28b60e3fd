export { type TaskIo, type TaskName, taskNamed } from './tasks.ts';
