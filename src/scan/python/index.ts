export { reportPayloads, scanPython } from './scan-file.ts';
