export { SETTINGS, readSettings } from './read.ts';
