export { suiteFile, suiteNames } from './suites.ts';
