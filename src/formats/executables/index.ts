export { EXECUTABLE_HEAD, type Executable, readExecutable } from './headers.ts';
