import type { Detector } from './detector.ts';

/** All detectors, in the order of reports. Adding one is a file, or a folder, and a line here. */
export const DETECTORS: readonly Detector[] = [];
