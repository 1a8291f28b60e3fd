export { invisibleText } from './invisible-text.ts';
export { mixedScript } from './mixed-script.ts';
