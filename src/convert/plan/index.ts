export { convertedName, savedModelName } from './names.ts';
export {
  type ConversionPlan,
  type ConvertibleFile,
  type PlannedFile,
  type PlanOptions,
  refuseEqualNames,
  type SkippedFile,
} from './plan.ts';
export { type PlanWriteOptions, writePlan } from './write.ts';
