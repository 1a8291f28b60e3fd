export { findChromium, printToPdf } from './chromium.ts';
export { type SandboxBounds, type SandboxEvent, boundsSeen, noteBounds, runSandboxed } from './sandbox.ts';
