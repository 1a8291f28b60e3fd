export type { OutputRole } from '../../core/conversion/index.ts';
export type { OutputTolerance } from '../../formats/arrays/index.ts';
export type {
  ModelSource,
  OnnxFolder,
  OnnxFolderSource,
  OnnxPlan,
  OnnxReadOptions,
  OnnxSource,
  PlannedInput,
  PlannedModel,
  PlannedOutput,
} from './source.ts';
