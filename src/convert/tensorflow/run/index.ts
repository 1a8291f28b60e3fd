export { Interpreter, readValues } from './interpreter.ts';
