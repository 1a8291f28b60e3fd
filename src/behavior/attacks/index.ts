export { type ApgdOptions, apgd, type TargetedApgdOptions, targetedApgd } from './apgd.ts';
export { type AutoAttackOptions, type AutoAttackResult, autoAttack } from './auto-attack.ts';
export { Ball } from './ball.ts';
export { type FabOptions, type FabResult, fab } from './fab.ts';
export { type FeatureRules, FeatureSpace } from './features.ts';
export { type HopSkipJumpOptions, type HopSkipJumpResult, hopSkipJump } from './hop-skip-jump.ts';
export { type NesOptions, nes } from './nes.ts';
export { type OnnxTarget, type OnnxTargetOptions, openOnnxTarget } from './onnx-target.ts';
export { fgsm, type PgdOptions, pgd } from './pgd.ts';
export { type AttackRandom, type AttackRandoms, seededRandoms } from './random.ts';
export { marginOf, predicted } from './scores.ts';
export { type SimbaOptions, simba } from './simba.ts';
export { type SquareOptions, square } from './square.ts';
export type {
  AttackBatch,
  AttackLoss,
  AttackNorm,
  AttackOptions,
  AttackProgress,
  AttackResult,
  AttackTarget,
  GradientAnswer,
  GradientRequest,
} from './target.ts';
