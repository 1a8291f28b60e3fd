export { findInPython } from './find.ts';
