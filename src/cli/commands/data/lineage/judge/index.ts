export { judgedLineage, runLineage } from './run.ts';
