export type {
  ModelSource,
  OnnxPlan,
  OnnxSource,
  OutputRole,
  OutputTolerance,
  PlannedInput,
  PlannedModel,
  PlannedOutput,
} from './source.ts';
