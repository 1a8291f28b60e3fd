export { layOut, layoutBytes, totalBytes } from './layout.ts';
