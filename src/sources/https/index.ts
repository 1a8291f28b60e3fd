export { openHttps } from './https.ts';
