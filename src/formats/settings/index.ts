export { readSettings, SETTINGS, type SettingsEvents } from './read.ts';
