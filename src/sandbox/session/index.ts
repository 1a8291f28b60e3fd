export {
  type OnnxSession,
  type OnnxSessionOptions,
  openOnnxSession,
  type SessionFile,
  type SessionLimits,
} from './onnx-session.ts';
