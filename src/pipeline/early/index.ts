export { type ParserThread, endThread, startEarly, startThread, takeEarly } from './early.ts';
