export { registerReview } from './command.ts';
