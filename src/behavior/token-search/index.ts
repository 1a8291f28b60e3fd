export { type FlipOptions, type FlipResult, hotFlip } from './flips.ts';
export { FEWEST_TOKENS, rareTokens, type StandingOut, standingOut } from './stand-out.ts';
export { chosenRows, type TokenBatch, TokenTarget } from './target.ts';
export { withRoom } from './trigger.ts';
