export {
  DRIVER_ENVIRONMENT,
  type OnnxSession,
  type OnnxSessionOptions,
  onnxRuntime,
  openOnnxSession,
  type SessionFile,
  type SessionLimits,
} from './onnx-session.ts';
export type { NodeTime } from './profile.ts';
