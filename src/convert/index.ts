export {
  type ConversionPlan,
  type ConvertibleFile,
  convertedName,
  type PlanOptions,
  refuseEqualNames,
  type SkippedFile,
  writePlan,
} from './plan/index.ts';
export { type GraphDifference, type RebuildResult, rebuildModels } from './rebuild/index.ts';
export { convertSandboxed, runnableGraph, type Sandboxed } from './sandboxed/index.ts';
export { planConversion } from './targets.ts';
export type { LeftOut } from './tensors/index.ts';
export {
  type Given,
  type GivenFile,
  verifyConverted,
} from './verify/index.ts';
