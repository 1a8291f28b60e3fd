export { type ExecutorchProgram, readExecutorch } from './program.ts';
