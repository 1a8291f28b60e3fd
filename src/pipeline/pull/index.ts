export { pullKnown } from './known.ts';
export { type PullOutcome, pull } from './pull.ts';
