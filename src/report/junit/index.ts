export { renderJunit } from './junit.ts';
