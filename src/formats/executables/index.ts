export { EXECUTABLE_HEAD, type Executable, elfIdentity, hasExecutableMagic, readExecutable } from './headers.ts';
