export { PYTHON_BOUNDS } from './bounds.ts';
export { pythonInteger, pythonString, unescapePython } from './literals.ts';
export { type PythonSource, pythonSource } from './source.ts';
export { lineOf, type PythonNode, type PythonRefusal, type PythonTree, readPython } from './tree.ts';
