export { endThread, type ParserThread, startEarly, startThread, takeEarly } from './early.ts';
