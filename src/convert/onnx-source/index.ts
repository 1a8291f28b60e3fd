export type {
  ModelSource,
  OnnxPlan,
  OnnxPlanOptions,
  OnnxSource,
  OutputRole,
  OutputTolerance,
  PlannedInput,
  PlannedModel,
  PlannedOutput,
} from './source.ts';
