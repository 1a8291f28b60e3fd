export { judgeNativeModel, type NativeModel, readNativeModel, titleOf } from './judge.ts';
export { nativeModelScanner } from './scanner.ts';
