export { barText, checkNotBarred, checkNotClosed, isClosing, withBars } from './bars.ts';
export { brokenLog, chainState, chainStateIn } from './follow.ts';
export { checkRecords, checkVersion, faultIn, faultOf, printOfText, sealVersion } from './records.ts';
export type { ChainState } from './state.ts';
export { type Bar, type ChainHead, proofOfToken, type ToldScan, type ToldVersion } from './told.ts';
export { verifyRegistry } from './verify.ts';
