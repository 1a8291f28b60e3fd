export { openPath, openSnapshot } from './path.ts';
