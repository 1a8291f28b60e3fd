export { canAsk, isConfirmed } from './ask.ts';
export { columnsText } from './columns.ts';
export { openSink, type Sink } from './output.ts';
export { Progress } from './progress.ts';
export { type ExitCode, graver, printError, type Shell, wantsColor, widthOf } from './shell.ts';
