export type { SessionFile } from './joined-source.ts';
export { type OnnxSession, type OnnxSessionOptions, openOnnxSession, type SessionLimits } from './onnx-session.ts';
