export { findInPython } from './find.ts';
export { constantsOf, importedPaths, isWholePython, type ModuleFiles, NO_MODULES } from './repository.ts';
