export { Interpreter, readConstants } from './interpreter.ts';
