export { canAsk, isConfirmed } from './ask.ts';
export { columnsText } from './columns.ts';
export { type Sink, openSink } from './output.ts';
export { Progress } from './progress.ts';
export { type ExitCode, type Shell, graver, printError, wantsColor, widthOf } from './shell.ts';
