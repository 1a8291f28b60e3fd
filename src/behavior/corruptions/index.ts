export { CORRUPTIONS, type CorruptionName, corruptionOf } from './list.ts';
export { CORRUPTION_SEVERITIES, type CorruptionSeverity, type Picture } from './picture.ts';
export { type PixelOptions, PixelRows } from './pixel-rows.ts';
