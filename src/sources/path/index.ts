export { openCachedSnapshot, openPath } from './path.ts';
