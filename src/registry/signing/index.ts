export { signingStore } from './answer.ts';
