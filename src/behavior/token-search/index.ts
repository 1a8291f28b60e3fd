export { type FlipOptions, type FlipResult, hotFlip } from './flips.ts';
export { chosenRows, type TokenRows, TokenTarget } from './target.ts';
