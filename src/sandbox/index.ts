export { findChromium, printToPdf } from './chromium.ts';
export { boundsSeen, noteBounds, runSandboxed, type SandboxBounds, type SandboxEvent } from './sandbox.ts';
