export { readSettings, SETTINGS } from './read.ts';
