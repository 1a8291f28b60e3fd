export type { OutputRole } from '../../core/conversion/index.ts';
export type {
  ModelSource,
  OnnxFolder,
  OnnxFolderSource,
  OnnxPlan,
  OnnxReadOptions,
  OnnxSource,
  OutputTolerance,
  PlannedInput,
  PlannedModel,
  PlannedOutput,
} from './source.ts';
