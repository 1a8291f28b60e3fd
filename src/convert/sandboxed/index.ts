export { runnableGraph } from './runnable.ts';
export { convertSandboxed, type Sandboxed, type SandboxedOptions } from './sandboxed.ts';
