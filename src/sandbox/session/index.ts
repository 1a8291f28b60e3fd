export {
  type OnnxSession,
  type OnnxSessionOptions,
  onnxRuntime,
  openOnnxSession,
  type SessionFile,
  type SessionLimits,
} from './onnx-session.ts';
