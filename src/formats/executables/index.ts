export { EXECUTABLE_HEAD, type Executable, elfIdentity, readExecutable } from './headers.ts';
