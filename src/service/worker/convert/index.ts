export { rowsFolder, runConversion } from './run.ts';
