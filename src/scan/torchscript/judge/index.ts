export { judgeExportedProgram } from './exported.ts';
export { ScriptProgram } from './program.ts';
