export type { InputFile, LeftOut } from './tensors/index.ts';
export { planOnnxFiles, writeOnnxFiles } from './to-onnx/index.ts';
export {
  type ConversionPlan,
  type PlannedFile,
  type PlanOptions,
  planSafetensors,
  writePlan,
} from './to-safetensors/index.ts';
