export { futureValues } from './future-values.ts';
