export { frontRunning } from './front-running.ts';
export { hosts } from './hosts.ts';
export { splitView } from './split-view.ts';
