export {
  type ConversionPlan,
  type ConvertibleFile,
  type PlanOptions,
  type SkippedFile,
  writePlan,
} from './plan/index.ts';
export { planConversion } from './targets.ts';
export type { LeftOut } from './tensors/index.ts';
export {
  type Given,
  type GivenFile,
  type RunnableModel,
  readArrays,
  verifyConverted,
} from './verify/index.ts';
