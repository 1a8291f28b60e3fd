export { knownTerm } from './constant.ts';
export { type Live, liveOf } from './live.ts';
export { type Lowered, lower, type Unclear } from './lower.ts';
export type { LoweredValue } from './value.ts';
export { filledValue, loweredValue } from './value.ts';
