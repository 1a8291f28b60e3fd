export { findChromium, printToPdf } from './chromium.ts';
export { boundsSeen, noteBounds, runSandboxed, type SandboxBounds, type SandboxEvent } from './sandbox.ts';
export {
  type OnnxSession,
  type OnnxSessionOptions,
  openOnnxSession,
  type SessionFile,
  type SessionLimits,
} from './session/index.ts';
export { isTensorType, type RunTensor, type TensorType } from './tensors.ts';
