export { ScriptProgram } from './program.ts';
