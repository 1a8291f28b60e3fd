export type { BlockedNode } from './activity.ts';
export { deriveGradient, type GradientModel, type GradientOptions } from './derive.ts';
export type { Loss, ScoreKind } from './loss.ts';
export { type TensorFeeds, withRows } from './rows.ts';
