export { convertSandboxed, type Sandboxed, type SandboxedOptions } from './sandboxed.ts';
