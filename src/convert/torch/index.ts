export type { Checkpoint } from './checkpoint.ts';
export { torchDtype } from './dtypes.ts';
export { TORCH_LEGACY, TORCH_TAR, TORCH_ZIP } from './formats.ts';
export { instanceClass, isTorchFile, openTorch, type TorchFile } from './open.ts';
export { openLegacy } from './open-legacy.ts';
export { CODE, openZip, readCheckpoint, torchRoot } from './open-zip.ts';
export { isRebuild, rebuilt } from './rebuild.ts';
export { TORCH_CALLS, torchTensors } from './tensors.ts';
