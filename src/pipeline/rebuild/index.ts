export { type RebuildMode, rebuildChecks } from './check.ts';
