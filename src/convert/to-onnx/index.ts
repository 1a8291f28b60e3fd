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
} from '../onnx-source/index.ts';
export {
  type OnnxFilesPlan,
  planOnnxFiles,
  writeOnnxFiles,
} from './files.ts';
export { type PlanOnnxOptions, planOnnx } from './plan.ts';
export { ONNX_SOURCES, onnxSourceOf } from './sources.ts';
