export { findChromium, printToPdf } from './chromium.ts';
export { FRAME, fields } from './frames.ts';
export { type GiveTensorsOptions, giveTensors, type NamedTensor } from './give-tensors.ts';
export { asHelper, HelperProcess } from './helper-process.ts';
export {
  findBubblewrap,
  findPython,
  Jail,
  type JailLimits,
  type JailOptions,
  type Python,
  readableFolder,
} from './jail/index.ts';
export { type OwnUse, ownUse, ProcessMeter, type ProcessUse, wholeUse } from './process-meter.ts';
export { boundsSeen, noteBounds, runSandboxed, type SandboxBounds, type SandboxEvent } from './sandbox.ts';
export {
  DRIVER_ENVIRONMENT,
  type NodeTime,
  type OnnxSession,
  type OnnxSessionOptions,
  onnxRuntime,
  openOnnxSession,
  type SessionFile,
  type SessionLimits,
} from './session/index.ts';
export { findSparkSql, openSparkSession, type SparkOptions, type SparkSession } from './spark/index.ts';
export {
  openSqlSession,
  type SqlColumn,
  type SqlLimits,
  type SqlResult,
  type SqlSession,
  type SqlSessionOptions,
  sqlEngine,
} from './sql/index.ts';
export { taskFailure } from './supervised.ts';
export { type ImageSteps, isImageMessage, RESIZE_FILTERS, type ResizeFilter } from './tasks/images/index.ts';
export type { TokenizerRequest } from './tasks/tokenizer/index.ts';
export { isTensorType, type RunTensor, type TensorType } from './tensors.ts';
